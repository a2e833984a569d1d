# SPDX-License-Identifier: MIT
"""Times a training step of the paper's model in PyTorch on the CPU: forward, backward, AdamW.

    OPENBLAS_CORETYPE=SkylakeX python3 pytorch_step.py --threads 2   # where there is AVX-512

Writes one JSON object to stdout. The model is what a careful user writes: explicit masked attention
as in the paper's code, batched over sequences, nothing recorded, data made beforehand. Which BLAS
PyTorch runs on decides its speed, so the library that is loaded is part of the output; without
OpenBLAS (Debian: libopenblas0-pthread) the comparison is not a fair one.
"""
import argparse
import json
import math
import os
import platform
import statistics
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.heads = heads
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.w1 = nn.Linear(width, 4 * width, bias=False)
        self.w2 = nn.Linear(4 * width, width, bias=False)
        self.attention_norm, self.ff_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.register_buffer("mask", torch.full((context, context), -math.inf).triu(1))

    def attention(self, y):
        def heads(x):  # [B, T, C] -> [B, H, T, D]
            return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

        q, k, v = heads(self.wq(y)), heads(self.wk(y)), heads(self.wv(y))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        pattern = torch.softmax(scores + self.mask, dim=-1)
        return self.wo((pattern @ v).transpose(1, 2).flatten(-2))

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        return x + self.w2(F.relu(self.w1(self.ff_norm(x))))


class Transformer(nn.Module):
    def __init__(self, layers, heads, width, vocab, context):
        super().__init__()
        self.tok_embeddings = nn.Embedding(vocab, width)
        self.pos_embeddings = nn.Embedding(context, width)
        self.layers = nn.ModuleList(Block(width, heads, context) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, vocab, bias=False)

    def forward(self, tokens):
        x = self.tok_embeddings(tokens) + self.pos_embeddings.weight[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.output(self.norm(x))


def loaded_blas():
    """Files of the BLAS and matrix libraries in this process."""
    try:
        with open("/proc/self/maps") as maps:
            files = {line.split()[-1] for line in maps if "/" in line}
    except OSError:
        return []
    return sorted(file for file in files
                  if any(word in os.path.basename(file) for word in ("blas", "mkl", "dnnl")))


def processor():
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            return next(line.split(":")[1].strip() for line in cpuinfo
                        if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--heads", type=int, default=1)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--vocab", type=int, default=67)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=9, help="steps that are timed, one by one")
    parser.add_argument("--warmup", type=int, default=2, help="steps before those")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    model = Transformer(arguments.layers, arguments.heads, arguments.width, arguments.vocab,
                        arguments.context)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.99), weight_decay=1e-4)
    batches = torch.randint(arguments.vocab, (4, arguments.batch, arguments.context + 1))

    def step(number):
        tokens = batches[number % len(batches)]
        logits = model(tokens[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    seconds, cpu_seconds = [], []
    for number in range(arguments.warmup + arguments.repeats):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        step(number)
        seconds.append(time.perf_counter() - begin)
        cpu_seconds.append(time.process_time() - cpu_begin)
    seconds, cpu_seconds = seconds[arguments.warmup:], cpu_seconds[arguments.warmup:]
    tokens = arguments.batch * arguments.context
    json.dump({
        "peer": "PyTorch",
        "tokens_per_second_best": round(tokens / min(seconds)),
        "tokens_per_second_median": round(tokens / statistics.median(seconds)),
        "seconds_per_step": [round(value, 4) for value in seconds],
        "cpu_seconds_per_step": [round(value, 4) for value in cpu_seconds],
        "parameters": sum(p.numel() for p in model.parameters()),
        **vars(arguments),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "processor": processor(),
        "blas": loaded_blas(),
        "environment": {name: os.environ.get(name) for name in
                        ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")},
    }, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
