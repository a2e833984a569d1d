# SPDX-License-Identifier: MIT
"""m = beta m + (1 - beta) g, p = p (1 - lr decay) - lr sign(m) (arXiv 1802.04434)."""
import torch


class Reference:
    def __init__(self, tensors, groups, hyper):
        self.tensors, self.hyper = tensors, hyper
        self.mean = {name: torch.zeros_like(p) for name, p in tensors.items()}

    def step(self, t):
        h = self.hyper
        for name, p in self.tensors.items():
            m = h["momentum"] * self.mean[name] + (1 - h["momentum"]) * p.grad
            p.copy_(p * (1 - h["lr"] * h["weight_decay"]) - h["lr"] * torch.sign(m))
            self.mean[name] = m
