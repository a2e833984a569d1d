# SPDX-License-Identifier: MIT
"""w_h s, one number a head (arXiv 2010.04245)."""
from torch_parts import score_step


@score_step("learned_temperature")
def learned_temperature(config, step, w, y, s):
    return s * w("inverse_temperature.weight")[:, None, None]
