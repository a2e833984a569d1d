# SPDX-License-Identifier: MIT
"""Softmax over [s, S_h], the last column dropped (gpt-oss)."""
import math

import torch

from torch_parts import rule


@rule("sink_logit")
def sink_logit(config, w, s, seen):
    sink = w("sink.weight")[:, None, None].expand(*s.shape[:-1], 1)
    return torch.softmax(torch.cat([s.masked_fill(~seen, -math.inf), sink], -1), -1)[..., :-1]
