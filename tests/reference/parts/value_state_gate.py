# SPDX-License-Identifier: MIT
"""v_j sigmoid(v_j W), v_j the values of all heads, before they are mixed (arXiv 2510.09017)."""
import torch

from torch_parts import heads_step, split


@heads_step("value_state_gate")
def value_state_gate(config, step, w, y, q, k, v):
    gate = torch.sigmoid(w.linear("value_state_gate.", v.transpose(1, 2).flatten(-2)))
    return q, k, v * split(gate, v.shape[1])
