# SPDX-License-Identifier: MIT
"""score - slope_h * distance (arXiv 2108.12409)."""
import math

import torch

from torch_parts import score_step


def alibi_slopes(heads):
    power = 2 ** int(math.log2(heads))
    slopes = [2 ** (-8 * (h + 1) / power) for h in range(power)]
    return slopes + [2 ** (-8 * (2 * h + 1) / (2 * power)) for h in range(heads - power)]


@score_step("alibi")
def alibi(config, step, w, y, s):
    position = torch.arange(y.shape[1], dtype=s.dtype)
    slopes = torch.tensor(alibi_slopes(config["heads"]), dtype=s.dtype)[:, None, None]
    return s - slopes * (position[:, None] - position)
