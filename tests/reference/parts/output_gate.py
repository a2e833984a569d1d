# SPDX-License-Identifier: MIT
"""z sigmoid(x W_g), elementwise (arXiv 2505.06708)."""
import torch

from torch_parts import mixed_step, split


@mixed_step("output_gate")
def output_gate(config, step, w, y, z, v):
    return z * split(torch.sigmoid(w.linear("wg.", y)), z.shape[1])
