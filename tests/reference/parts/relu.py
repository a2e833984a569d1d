# SPDX-License-Identifier: MIT
"""relu(s) / i, i the query's position from 1 (arXiv 2410.13835)."""
import torch

from torch_parts import rule


@rule("relu")
def relu(config, w, s, seen):
    return torch.relu(s) * seen / seen.sum(-1, keepdim=True)
