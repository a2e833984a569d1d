# SPDX-License-Identifier: MIT
"""x / rms(x) * g, one number g (arXiv 2506.19697)."""
from torch_parts import norm, rms


@norm("single_scale_norm")
def single_scale_norm(w, x, epsilon):
    return rms(x, epsilon) * w("weight")
