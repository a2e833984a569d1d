# SPDX-License-Identifier: MIT
"""z sigmoid(x W): one gate an element (arXiv 2505.06708)."""
import torch

from torch_parts import mixed_step, split


@mixed_step("element_gate")
def element_gate(config, step, w, y, z, v):
    return z * split(torch.sigmoid(w.linear("wg.", y)), z.shape[1])
