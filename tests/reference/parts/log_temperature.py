# SPDX-License-Identifier: MIT
"""s log n, n the number of keys that the query sees (arXiv 2202.12172, 2501.19399)."""
import torch

from torch_parts import score_step


@score_step("log_temperature")
def log_temperature(config, step, w, y, s):
    return s * torch.arange(1, s.shape[-1] + 1, dtype=s.dtype).log()[:, None]  # of a causal mask
