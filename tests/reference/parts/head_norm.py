# SPDX-License-Identifier: MIT
"""z_h / rms(z_h) * gain (arXiv 2605.06611)."""
from torch_parts import mixed_step, rms


@mixed_step("head_norm")
def head_norm(config, step, w, y, z, v):
    return rms(z, config["epsilon"]) * w("head_norm.weight")
