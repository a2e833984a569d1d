# SPDX-License-Identifier: MIT
"""v, whose gradient is multiplied by a number (arXiv 2603.17771)."""
from torch_parts import heads_step


@heads_step("value_path_scale")
def value_path_scale(config, step, w, y, q, k, v):
    return q, k, step["by"] * v + ((1 - step["by"]) * v).detach()
