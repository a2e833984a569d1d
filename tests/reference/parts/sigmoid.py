# SPDX-License-Identifier: MIT
"""sigmoid(s - log T), T the context (arXiv 2409.04431)."""
import math

import torch

from torch_parts import rule


@rule("sigmoid")
def sigmoid(config, w, s, seen):
    return torch.sigmoid(s - math.log(config["context"])) * seen
