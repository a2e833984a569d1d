# SPDX-License-Identifier: MIT
"""relu(s), without a normaliser (arXiv 2603.11487)."""
import torch

from torch_parts import rule


@rule("plain_relu")
def plain_relu(config, w, s, seen):
    return torch.relu(s) * seen
