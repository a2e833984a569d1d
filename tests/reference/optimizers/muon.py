# SPDX-License-Identifier: MIT
"""Muon (https://kellerjordan.github.io/posts/muon) on matrices of attention and MLPs, AdamW elsewhere."""
import math

import torch


def orthogonalised(x):
    """Five iterations towards the orthogonal factor, on the wide side."""
    a, b, c = 3.4445, -4.7750, 2.0315
    turned = x.T if x.shape[0] > x.shape[1] else x
    turned = turned / (turned.norm() + 1e-7)
    for _ in range(5):
        gram = turned @ turned.T
        turned = a * turned + (b * gram + c * gram @ gram) @ turned
    return turned.T if x.shape[0] > x.shape[1] else turned


class Reference:
    def __init__(self, tensors, groups, hyper):
        self.hyper = hyper
        self.hidden = [p for name, p in tensors.items()
                       if groups[name] in ("attention", "mlp") and min(p.shape) > 1]
        self.velocity = [torch.zeros_like(p) for p in self.hidden]
        elsewhere = [p for p in tensors.values() if all(p is not h for h in self.hidden)]
        self.adamw = torch.optim.AdamW(elsewhere, **hyper["adamw"])

    def step(self, t):
        h = self.hyper
        self.adamw.step()
        for p, v in zip(self.hidden, self.velocity):
            v.mul_(h["momentum"]).add_(p.grad)
            direction = p.grad + h["momentum"] * v
            if h["newton_schulz"]:
                direction = orthogonalised(direction)
            shape = math.sqrt(max(1, p.shape[0] / p.shape[1]))
            p.copy_(p * (1 - h["lr"] * h["weight_decay"]) - h["lr"] * shape * direction)
