# SPDX-License-Identifier: MIT
"""rms_norm of lambda x (arXiv 2601.22966)."""
from torch_parts import norm, rms


@norm("pre_affine_norm")
def pre_affine_norm(w, x, epsilon):
    return rms(w("lambda") * x, epsilon) * w("weight")
