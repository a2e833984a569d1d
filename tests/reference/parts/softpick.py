# SPDX-License-Identifier: MIT
"""relu(e^s - 1) / (1e-6 + sum |e^s - 1|) (arXiv 2504.20966)."""
import torch

from torch_parts import rule


@rule("softpick")
def softpick(config, w, s, seen):
    e = torch.expm1(s) * seen
    return torch.relu(e) / (1e-6 + e.abs().sum(-1, keepdim=True))
