# SPDX-License-Identifier: MIT
"""The point of the simplex that is nearest to the scores (arXiv 1602.02068): from the sorted scores."""
import math

import torch

from torch_parts import rule


@rule("sparsemax")
def sparsemax(config, w, s, seen):
    s = s.masked_fill(~seen, -math.inf)
    z = s.sort(-1, descending=True).values
    k = torch.arange(1, z.shape[-1] + 1, dtype=z.dtype)
    over = z.cumsum(-1) - 1
    keys = (k * z > over).sum(-1, keepdim=True)  # how many have weight
    return torch.relu(s - over.gather(-1, keys - 1) / keys)
