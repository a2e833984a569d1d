# SPDX-License-Identifier: MIT
"""z_i - tanh(a_h) (z_i . v_i / |v_i|^2) v_i (arXiv 2603.09078)."""
import torch

from torch_parts import mixed_step


@mixed_step("exclusive_attention")
def exclusive_attention(config, step, w, y, z, v):
    along = (z * v).sum(-1, keepdim=True) / (v * v).sum(-1, keepdim=True)
    return z - torch.tanh(w("exclusive.weight"))[:, None, None] * along * v
