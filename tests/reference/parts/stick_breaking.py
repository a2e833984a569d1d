# SPDX-License-Identifier: MIT
"""b_j prod_{j < k < i} (1 - b_k), b = sigmoid(s) (arXiv 2410.17980)."""
import torch
import torch.nn.functional as F

from torch_parts import rule


@rule("stick_breaking")
def stick_breaking(config, w, s, seen):
    length = s.shape[-1]
    seen = seen & ~torch.eye(length, dtype=torch.bool)  # a query does not see its own key
    left = torch.where(seen, F.logsigmoid(-s), torch.zeros_like(s))
    later = left.flip(-1).cumsum(-1).flip(-1) - left  # of the keys after this one
    return torch.where(seen, torch.exp(F.logsigmoid(s) + later), torch.zeros_like(s))
