# SPDX-License-Identifier: MIT
"""score + the sum of log f between key and query (arXiv 2503.02130)."""
import torch.nn.functional as F

from torch_parts import score_step


@score_step("forget_gate")
def forget_gate(config, step, w, y, s):
    sums = F.logsigmoid(w.linear("forget_gate.", y, True)).cumsum(1).transpose(1, 2)  # [B, H, T]
    return s + sums[..., :, None] - sums[..., None, :]
