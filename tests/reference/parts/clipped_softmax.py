# SPDX-License-Identifier: MIT
"""clip((eta - gamma) softmax(s) + gamma, 0, 1), gamma = -alpha / T (arXiv 2306.12929)."""
import math

import torch

from torch_parts import rule

ALPHA, ETA = 2, 1.1


@rule("clipped_softmax")
def clipped_softmax(config, w, s, seen):
    p = torch.softmax(s.masked_fill(~seen, -math.inf), -1)
    gamma = -ALPHA / config["context"]
    return ((ETA - gamma) * p + gamma).clamp(0, 1)
