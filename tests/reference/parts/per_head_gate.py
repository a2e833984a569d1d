# SPDX-License-Identifier: MIT
"""z_h sigmoid(x w_h): one gate a head (arXiv 2505.06708)."""
import torch

from torch_parts import mixed_step


@mixed_step("per_head_gate")
def per_head_gate(config, step, w, y, z, v):
    gate = torch.sigmoid(w.linear("head_gate.", y))  # [B, T, H]
    return z * gate.transpose(1, 2)[..., None]
