# SPDX-License-Identifier: MIT
"""gain * tanh(alpha x) + bias (arXiv 2503.10622)."""
import torch

from torch_parts import norm


@norm("dyt")
def dyt(w, x, epsilon):
    return w("weight") * torch.tanh(w("alpha") * x) + w("bias")
