# SPDX-License-Identifier: MIT
"""SOAP (arXiv 2409.11321, algorithm 3), whose first step is AdamW's and gives the first basis; AdamW on vectors."""
import torch


class Reference:
    def __init__(self, tensors, groups, hyper):
        self.hyper = hyper
        self.matrices = [p for p in tensors.values() if min(p.shape) > 1]
        self.mean = [torch.zeros_like(p) for p in self.matrices]
        self.square = [torch.zeros_like(p) for p in self.matrices]
        self.factors = [[torch.zeros(n, n, dtype=p.dtype) for n in p.shape] for p in self.matrices]
        self.bases = [[torch.eye(n, dtype=p.dtype) for n in p.shape] for p in self.matrices]
        vectors = [p for p in tensors.values() if min(p.shape) == 1]
        self.adamw = torch.optim.AdamW(vectors, lr=hyper["lr"], betas=(hyper["beta1"], hyper["beta2"]),
                                       eps=hyper["eps"], weight_decay=hyper["weight_decay"])

    def learn(self, i, g, find):
        for side, outer in enumerate((g @ g.T, g.T @ g)):
            factor = self.factors[i][side]
            factor.mul_(self.hyper["beta2"]).add_(outer, alpha=1 - self.hyper["beta2"])
            if find and factor.shape[0] <= self.hyper["widest"]:
                self.bases[i][side] = torch.linalg.eigh(factor)[1]

    def step(self, t):
        h = self.hyper
        self.adamw.step()
        for i, p in enumerate(self.matrices):
            g = p.grad
            left, right = self.bases[i]  # at first the original one
            self.mean[i] = h["beta1"] * self.mean[i] + (1 - h["beta1"]) * g
            self.square[i] = h["beta2"] * self.square[i] + (1 - h["beta2"]) * (left.T @ g @ right) ** 2
            mean = left.T @ self.mean[i] @ right / (1 - h["beta1"] ** t)
            square = self.square[i] / (1 - h["beta2"] ** t)
            direction = left @ (mean / (square.sqrt() + h["eps"])) @ right.T
            p.copy_(p * (1 - h["lr"] * h["weight_decay"]) - h["lr"] * direction)
            self.learn(i, g, t == 1 or t % h["refresh"] == 0)
            if t == 1:
                left, right = self.bases[i]
                self.square[i] = (1 - h["beta2"]) * (left.T @ g @ right) ** 2
