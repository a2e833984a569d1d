# SPDX-License-Identifier: MIT
"""p = p (1 - lr decay) - lr sign(beta1 m + (1 - beta1) g), m = beta2 m + (1 - beta2) g (arXiv 2302.06675)."""
import torch


class Reference:
    def __init__(self, tensors, groups, hyper):
        self.tensors, self.hyper = tensors, hyper
        self.mean = {name: torch.zeros_like(p) for name, p in tensors.items()}

    def step(self, t):
        h = self.hyper
        for name, p in self.tensors.items():
            m, g = self.mean[name], p.grad
            direction = torch.sign(h["beta1"] * m + (1 - h["beta1"]) * g)
            p.copy_(p * (1 - h["lr"] * h["weight_decay"]) - h["lr"] * direction)
            self.mean[name] = h["beta2"] * m + (1 - h["beta2"]) * g
