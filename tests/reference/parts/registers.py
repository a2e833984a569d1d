# SPDX-License-Identifier: MIT
"""Register tokens (arXiv 2309.16588): the ids -2, -3, ... are rows of a table of their own."""
import torch

from torch_parts import tokens


@tokens("registers")
def registers(w, inputs):
    rows = torch.cat([w("weight"), w("registers")])
    return rows[torch.where(inputs < 0, len(w("weight")) - 2 - inputs, inputs)]
