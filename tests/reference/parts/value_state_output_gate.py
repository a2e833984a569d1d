# SPDX-License-Identifier: MIT
"""z_i sigmoid(v_i W), v_i the values of all heads at the query's position (arXiv 2510.09017)."""
import torch

from torch_parts import mixed_step, split


@mixed_step("value_state_output_gate")
def value_state_output_gate(config, step, w, y, z, v):
    own = v[:, :: config["heads"] // config["kv_heads"]].transpose(1, 2).flatten(-2)  # [B, T, KV D]
    return z * split(torch.sigmoid(w.linear("value_state_output_gate.", own)), z.shape[1])
