# SPDX-License-Identifier: MIT
"""p = p (1 - lr decay) - lr sign(g) (arXiv 1802.04434)."""


class Reference:
    def __init__(self, tensors, groups, hyper):
        self.tensors, self.hyper = tensors, hyper

    def step(self, t):
        for p in self.tensors.values():
            p.mul_(1 - self.hyper["lr"] * self.hyper["weight_decay"])
            p.sub_(self.hyper["lr"] * p.grad.sign())
