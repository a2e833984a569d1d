# SPDX-License-Identifier: MIT
"""Times one forward pass of a Llama folder in PyTorch on the CPU, with all weights in memory.

    python3 pytorch_forward.py FOLDER --rows 32 --tokens 128 --threads 2

What a careful user writes without more libraries: weights widened to float32 once, no gradients, every
product over all rows, attention in one call. Writes one JSON object to stdout.
"""
import argparse
import json
import struct
import threading
import time

import numpy
import torch
import torch.nn.functional as F


def load(path):
    """All tensors of a safetensors file in bf16, as float32."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
    bytes_ = numpy.memmap(path, dtype=numpy.uint8, mode="r", offset=start)
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "BF16", "the peer reads bf16 only"
        raw = torch.from_numpy(numpy.array(bytes_[begin:end]).view(numpy.int16))
        tensors[name] = raw.view(torch.bfloat16).to(torch.float32).reshape(entry["shape"])
    return tensors


def rotary(x, base=10000.0):
    """x [B, H, T, D], in pairs (i, i + D / 2)."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[-2])[:, None] * base ** (-torch.arange(half) / half)
    cos, sin = angle.cos(), angle.sin()
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def rms(x, gain, epsilon=1e-5):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * gain


def forward(w, config, ids):
    heads = config["num_attention_heads"]
    x = w["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        def of(name):
            return w[f"model.layers.{layer}.{name}.weight"]

        y = rms(x, of("input_layernorm"))
        q, k, v = (F.linear(y, of(f"self_attn.{n}_proj")).unflatten(-1, (heads, -1)).transpose(1, 2)
                   for n in "qkv")
        q, k = rotary(q), rotary(k)
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        mask = torch.full(scores.shape[-2:], float("-inf")).triu(1)
        z = (scores + mask).softmax(-1) @ v
        x = x + F.linear(z.transpose(1, 2).flatten(2), of("self_attn.o_proj"))
        y = rms(x, of("post_attention_layernorm"))
        x = x + F.linear(F.silu(F.linear(y, of("mlp.gate_proj"))) * F.linear(y, of("mlp.up_proj")),
                         of("mlp.down_proj"))
    return F.linear(rms(x, w["model.norm.weight"]), w["lm_head.weight"])


class OwnMemory(threading.Thread):
    """The most memory beside mapped files that the process held, in GB."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most = 0
        self.start()

    def run(self):
        while True:
            with open("/proc/self/status", encoding="ascii") as status:
                fields = dict(line.split(":", 1) for line in status)
            self.most = max(self.most, int(fields["RssAnon"].split()[0]) * 1024e-9)
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with open(f"{arguments.folder}/config.json", encoding="utf-8") as file:
        config = json.load(file)
    rows, tokens = arguments.rows, arguments.tokens
    ids = (1 + 7919 * torch.arange(rows)[:, None] * tokens + 7919 * torch.arange(tokens + 1))
    ids %= config["vocab_size"]
    memory = OwnMemory()
    with torch.inference_mode():
        begun = time.perf_counter()
        w = load(f"{arguments.folder}/model.safetensors")
        loaded = time.perf_counter()
        logits = forward(w, config, ids[:, :-1])
        seconds = time.perf_counter() - loaded
        loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    print(json.dumps({"torch": torch.__version__, "seconds": seconds, "load_seconds": loaded - begun,
                      "peak_memory_gb": memory.most, "loss": float(loss)}))


if __name__ == "__main__":
    main()
