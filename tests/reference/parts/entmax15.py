# SPDX-License-Identifier: MIT
"""relu(s / 2 - t)^2 that sums to one (arXiv 1905.05702): t from the mean and the variance of the largest."""
import math

import torch

from torch_parts import rule


@rule("entmax15")
def entmax15(config, w, s, seen):
    half = s.masked_fill(~seen, -math.inf) / 2
    with torch.no_grad():  # which keys have weight, by halving an interval
        high = half.max(-1, keepdim=True).values
        low = high - 1
        for _ in range(60):
            t = (low + high) / 2
            more = (torch.relu(half - t) ** 2).sum(-1, keepdim=True) > 1
            low, high = torch.where(more, t, low), torch.where(more, high, t)
        support = half > high
    k = support.sum(-1, keepdim=True)
    z = torch.where(support, half, torch.zeros_like(half))
    mean = z.sum(-1, keepdim=True) / k
    off = torch.where(support, z - mean, torch.zeros_like(z))
    t = mean - torch.sqrt((1 - (off * off).sum(-1, keepdim=True)) / k)
    return torch.where(support, (z - t) ** 2, torch.zeros_like(z))
