# SPDX-License-Identifier: MIT
"""PyTorch's Adam on tensors in a turned basis (arXiv 2410.17174); decay in the original one."""
import torch


class Reference:
    def __init__(self, tensors, groups, hyper):
        self.tensors, self.hyper = tensors, hyper
        self.left, self.right, self.turned = {}, {}, {}
        for name, p in tensors.items():
            rows, cols = p.shape
            self.left[name] = self.given("left", name, rows)
            self.right[name] = self.given("right", name, cols)
            self.turned[name] = torch.zeros_like(p)
        self.adam = torch.optim.AdamW(self.turned.values(), weight_decay=0, **hyper["adamw"])

    def given(self, side, name, size):
        if name not in self.hyper[side]:
            return torch.eye(size, dtype=torch.float64)
        return torch.tensor(self.hyper[side][name], dtype=torch.float64)

    def step(self, t):
        for name, p in self.tensors.items():
            left, right = self.left[name], self.right[name]
            self.turned[name].copy_(left.T @ p @ right)
            self.turned[name].grad = left.T @ p.grad @ right
        before = {name: turned.clone() for name, turned in self.turned.items()}
        self.adam.step()
        for name, p in self.tensors.items():
            step = self.left[name] @ (self.turned[name] - before[name]) @ self.right[name].T
            p.copy_(p * (1 - self.hyper["adamw"]["lr"] * self.hyper["weight_decay"]) + step)
