# SPDX-License-Identifier: MIT
"""Weights over their row sum (arXiv 2410.10781)."""
from torch_parts import rule


def over_its_sum(name):
    def normalised(config, w, s, seen):
        a = rule[name](config, w, s, seen)
        return a / a.abs().sum(-1, keepdim=True)
    return normalised


for name in ("elu_one", "sigmoid"):
    rule("normalised_" + name)(over_its_sum(name))
