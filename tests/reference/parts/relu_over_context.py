# SPDX-License-Identifier: MIT
"""relu(s) / T, T the context (arXiv 2309.08586)."""
import torch

from torch_parts import rule


@rule("relu_over_context")
def relu_over_context(config, w, s, seen):
    return torch.relu(s) * seen / config["context"]
