# SPDX-License-Identifier: MIT
"""z_h sigmoid(G_h(x_h) - log 3), G_h an MLP of the head's slice of x, or of all of x and linear
(arXiv 2306.12929)."""
import math

import torch

from torch_parts import mixed_step


def opened(a, z):  # a [B, T, H]
    return z * torch.sigmoid(a - math.log(3)).transpose(1, 2)[..., None]


@mixed_step("mlp_gate")
def mlp_gate(config, step, w, y, z, v):
    heads = config["heads"]
    w1 = w("mlp_gate.w1.weight").unflatten(0, (heads, -1))  # [H, hidden, C / H]
    hidden = torch.einsum("bthc,huc->bthu", y.unflatten(-1, (heads, -1)), w1)
    hidden = torch.relu(hidden + w("mlp_gate.w1.bias").unflatten(0, (heads, -1)))
    return opened((hidden * w("mlp_gate.w2.weight")).sum(-1) + w("mlp_gate.w2.bias"), z)


@mixed_step("linear_gate")
def linear_gate(config, step, w, y, z, v):
    return opened(w.linear("linear_gate.", y, True), z)
