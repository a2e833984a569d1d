# SPDX-License-Identifier: MIT
"""Compares initial parameters with PyTorch's: builds the modules of the authors' code in their order
after torch.manual_seed. Uniform draws must be equal to the bit, normal draws to 5e-7.

    python3 check_draws_against_torch.py DIR

DIR holds NAME.SEED.safetensors. Exit code: 0 if all agree, 1 if one does not, 77 without PyTorch.
"""
import pathlib
import sys

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.dont_write_bytecode = True
import safetensors_file


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        for name in ("wq", "wk", "wv", "wo"):
            setattr(self, name, nn.Linear(width, width, bias=False))


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.w1 = nn.Linear(width, hidden, bias=False)
        self.w2 = nn.Linear(hidden, width, bias=False)


class Block(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.attention = Attention(width)
        self.ff = FeedForward(width, hidden)
        self.attention_norm = nn.LayerNorm(width)
        self.ff_norm = nn.LayerNorm(width)


class Transformer(nn.Module):
    def __init__(self, layers, width, hidden, vocab, context):
        super().__init__()
        self.tok_embeddings = nn.Embedding(vocab, width)
        self.pos_embeddings = nn.Embedding(context, width)
        self.layers = nn.ModuleList(Block(width, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, vocab, bias=False)


def check(path):
    ours = safetensors_file.load(path)
    vocab, width = ours["tok_embeddings.weight"].shape
    torch.manual_seed(int(path.name.split(".")[1]))
    theirs = Transformer(len({name.split(".")[1] for name in ours if name.startswith("layers.")}),
                         width, ours["layers.0.ff.w1.weight"].shape[0], vocab,
                         ours["pos_embeddings.weight"].shape[0]).state_dict()
    if set(ours) != set(theirs):
        raise SystemExit(f"{path.name}: only one side has {sorted(set(ours) ^ set(theirs))}")
    worst = 0
    for name, values in ours.items():
        error = np.abs(values - theirs[name].numpy()).max()
        normal = "embeddings" in name
        worst = max(worst, error)
        if not error <= (5e-7 if normal else 0):
            raise SystemExit(f"{path.name}: {name} is off by {error:.1e}")
    print(f"{path.name}: {len(ours)} tensors, off by {worst:.1e} at most")


found = sorted(pathlib.Path(sys.argv[1]).glob("*.safetensors"))
if not found:
    raise SystemExit("no file to check")
for path in found:
    check(path)
