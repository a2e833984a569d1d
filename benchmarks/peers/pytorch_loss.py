# SPDX-License-Identifier: MIT
"""Trains the model of pytorch_step.py on what `loss_curve --export FOLDER` wrote.

    OPENBLAS_CORETYPE=SkylakeX python3 pytorch_loss.py FOLDER --threads 2 --seconds 30

Writes one JSON object to stdout: the loss of every step and the seconds at which it was done. All
batches are tensors before the clock starts, and one pass over the first of them has woken the threads.
"""
import argparse
import json
import pathlib
import sys
import time

import numpy
import torch
import torch.nn.functional as F

import pytorch_step

# What the authors' state dict calls otherwise than our model.
NAMES = {"attention.": "", "ff.": ""}


def read(folder):
    """Numbers by name, parameters by their names in the model, and tokens [step, B, T + 1]."""
    numbers, tensors = {}, {}
    flat, at = numpy.load(folder / "parameters.npy"), 0
    for line in (folder / "sizes.txt").read_text().splitlines():
        word, *rest = line.split()
        if word != "tensor":
            numbers[word] = float(rest[0])
            continue
        name, rows, columns = rest[0], int(rest[1]), int(rest[2])
        for theirs, ours in NAMES.items():
            name = name.replace(theirs, ours)
        tensor = torch.from_numpy(flat[at:at + rows * columns]).reshape(rows, columns)
        tensors[name] = tensor.flatten() if "norm." in name else tensor
        at += rows * columns
    return numbers, tensors, torch.from_numpy(numpy.load(folder / "tokens.npy")).long()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60,
                        help="time after which no further step begins")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    numbers, tensors, batches = read(arguments.folder)
    width, context, vocab = (int(numbers[name]) for name in ("width", "context", "vocab"))
    model = pytorch_step.Transformer(1, 1, width, vocab, context)
    masks = {name: value for name, value in model.state_dict().items() if name.endswith("mask")}
    model.load_state_dict({**tensors, **masks})
    optimizer = torch.optim.AdamW(model.parameters(), lr=numbers["lr"],
                                  betas=(numbers["beta1"], numbers["beta2"]), eps=numbers["eps"],
                                  weight_decay=numbers["weight_decay"])

    def differentiate(tokens):
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        return loss.item()

    differentiate(batches[0])
    losses, seconds = [], []
    begin = time.perf_counter()
    for tokens in batches:
        losses.append(differentiate(tokens))
        optimizer.step()
        seconds.append(time.perf_counter() - begin)
        if seconds[-1] >= arguments.seconds:
            break
    json.dump({"peer": "PyTorch", "threads": arguments.threads, "seconds": seconds, "loss": losses,
               "torch": torch.__version__, "blas": pytorch_step.loaded_blas()}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
