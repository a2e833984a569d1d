# SPDX-License-Identifier: MIT
"""x + a F(N(x)), one number a for each branch (arXiv 2003.04887)."""
from torch_parts import one_after_the_other, wiring


def step(w, x, name, N, F):
    return x + w(name + "_scale.weight") * F(name, N(name, x))


wiring("rezero")(one_after_the_other(step))
