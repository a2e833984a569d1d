# SPDX-License-Identifier: MIT
"""SGD on one group of tensors, AdamW on the others, both by PyTorch itself."""
import torch


class Reference:
    def __init__(self, tensors, groups, hyper):
        chosen = [p for name, p in tensors.items() if groups[name] == hyper["chosen"]]
        others = [p for name, p in tensors.items() if groups[name] != hyper["chosen"]]
        self.both = (torch.optim.SGD(chosen, **hyper["sgd"]),
                     torch.optim.AdamW(others, **hyper["adamw"]))

    def step(self, t):
        for how in self.both:
            how.step()
