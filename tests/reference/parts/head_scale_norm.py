# SPDX-License-Identifier: MIT
"""x / rms(x) * g_h, one number for each slice of C / H elements."""
from torch_parts import norm, rms


@norm("head_scale_norm")
def head_scale_norm(w, x, epsilon):
    g = w("weight")  # [H]
    return rms(x, epsilon) * g.repeat_interleave(x.shape[-1] // len(g))
