# SPDX-License-Identifier: MIT
"""elu(s) + 1 (arXiv 2410.10781)."""
import torch.nn.functional as F

from torch_parts import rule


@rule("elu_one")
def elu_one(config, w, s, seen):
    return (F.elu(s) + 1) * seen
