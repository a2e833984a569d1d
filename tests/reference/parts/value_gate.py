# SPDX-License-Identifier: MIT
"""v sigmoid(x W^T): a gate on each element of the values (arXiv 2505.06708)."""
import torch

from torch_parts import heads_step, split


@heads_step("value_gate")
def value_gate(config, step, w, y, q, k, v):
    return q, k, v * split(torch.sigmoid(w.linear("value_gate.", y)), v.shape[1])
