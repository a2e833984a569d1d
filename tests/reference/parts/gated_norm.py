# SPDX-License-Identifier: MIT
"""n sigmoid(U silu(D n)), n = rms_norm(x) (arXiv 2601.22966)."""
import torch
import torch.nn.functional as F

from torch_parts import norm, rms


@norm("gated_norm")
def gated_norm(w, x, epsilon):
    n = rms(x, epsilon) * w("weight")
    return n * torch.sigmoid(w.linear("up.", F.silu(w.linear("down.", n))))
