# SPDX-License-Identifier: MIT
"""e^s / (n + sum e^s) (arXiv 2410.17174): softmax beside n keys of score zero."""
import math

import torch
import torch.nn.functional as F

from torch_parts import rule


def beside(n):
    def softmax_n(config, w, s, seen):
        s = s.masked_fill(~seen, -math.inf)
        return torch.softmax(F.pad(s, (0, n)), -1)[..., :-n]
    return softmax_n


rule("softmax_one")(beside(1))
rule("softmax_three")(beside(3))
