# SPDX-License-Identifier: MIT
"""z_h sigmoid(x[0 .. 11] w_h): one gate a head that sees twelve inputs."""
import torch

from torch_parts import mixed_step


@mixed_step("sparse_gate")
def sparse_gate(config, step, w, y, z, v):
    gate = torch.sigmoid(w.linear("sparse_gate.", y[..., :12]))  # [B, T, H]
    return z * gate.transpose(1, 2)[..., None]
