# SPDX-License-Identifier: MIT
"""Every part of the library in PyTorch, written from its definition: gradients come from autograd.

A model is a configuration, the dictionary of a config.json with "parts": true, and a dictionary of
parameters by name:
    {"name", "dtype", "parts": true, "width", "context", "heads", "kv_heads", "head_width", "epsilon",
     "frozen": [names], "optimizers": as in check_against_torch.py, "positions": "learned" | "none",
     "last_norm": NORM, "layers": [{"wiring": WIRING, "norm": NORM, "attention": {...}, "mlp": {...}}]}
NORM is "layer_norm", "plain_layer_norm", "gained_layer_norm", "rms_norm", "plain_rms_norm", "dyt" or
"none".
WIRING, F a branch and N its norm: "pre" x + F(N(x)), "post" N(x + F(x)), "sandwich" x + N'(F(N(x))),
"after" x + N'(F(x)), "parallel" x + A(N(x)) + M(N(x)), "parallel_apart" x + A(N(x)) + M(N2(x)).
attention: "biases": "none" | "inputs" | "all"; lists of steps in their order, each with its "kind":
    "heads"  on q, k, v: clip {at}, qk_norm, whole_qk_norm, value_gate, rotary {base, dimensions,
             interleaved, scaling: "none" | "llama3" | "yarn", and the scaling's numbers}
    "scores" soft_cap {at}, temperature {value}, alibi, forget_gate
    "mixed"  on the heads' outputs: head_norm
  "rule": "softmax" | "stick_breaking", "mask": "causal" | "none", "window": keys or 0, "extra_key":
  "none" | "key" | "key_value"
mlp: "kind": "plain" | "gated" | "linear", "activation": "relu" | "gelu" | "gelu_new" | "silu".
"""
import math

import torch
import torch.nn.functional as F

ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu,
               "gelu_new": lambda x: F.gelu(x, approximate="tanh")}


class Scope:
    """The parameters whose names begin alike: `scope("wq.weight")`, `scope.inside("ff.")`."""

    def __init__(self, parameters, prefix=""):
        self.parameters, self.prefix = parameters, prefix

    def __call__(self, name):
        return self.parameters[self.prefix + name]

    def inside(self, more):
        return Scope(self.parameters, self.prefix + more)

    def linear(self, name, x, biased=False):
        return F.linear(x, self(name + "weight"), self(name + "bias") if biased else None)


def rms(x, epsilon):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon)


def norm(kind, w, x, epsilon):
    if kind == "none":
        return x
    if kind == "dyt":
        return w("weight") * torch.tanh(w("alpha") * x) + w("bias")
    if kind.endswith("rms_norm"):
        return rms(x, epsilon) * (1 if kind == "plain_rms_norm" else w("weight"))
    centred = x - x.mean(-1, keepdim=True)
    y = rms(centred, epsilon)
    if kind == "plain_layer_norm":
        return y
    return y * w("weight") + (w("bias") if kind == "layer_norm" else 0)


def frequencies(step):
    """Radians a position of every pair, and what cos and sin are multiplied by."""
    n = step["dimensions"]
    f = step["base"] ** (-torch.arange(0, n, 2, dtype=torch.float64) / n)
    if step["scaling"] == "none":
        return f, 1.0
    turns = step["original_context"] * f / (2 * math.pi)  # of a pair in the original context
    if step["scaling"] == "llama3":
        low, high = step["low_freq_factor"], step["high_freq_factor"]
        kept = ((turns - low) / (high - low)).clamp(0, 1)
        return kept * f + (1 - kept) * f / step["factor"], 1.0
    pair = [n * math.log(step["original_context"] / (beta * 2 * math.pi)) / (2 * math.log(step["base"]))
            for beta in (step["beta_fast"], step["beta_slow"])]
    low, high = max(math.floor(pair[0]), 0), min(math.ceil(pair[1]), n - 1)
    ramp = ((torch.arange(n // 2, dtype=f.dtype) - low) / max(high - low, 0.001)).clamp(0, 1)
    return (1 - ramp) * f + ramp * f / step["factor"], 0.1 * math.log(step["factor"]) + 1


def rotate(step, x):
    """x [B, H, T, D]"""
    f, magnitude = frequencies(step)
    angle = torch.arange(x.shape[-2])[:, None] * f
    cos, sin = magnitude * angle.cos(), magnitude * angle.sin()
    n = step["dimensions"]
    turned, rest = x[..., :n], x[..., n:]
    if step["interleaved"]:
        a, b = turned[..., 0::2], turned[..., 1::2]
        turned = torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)
    else:
        a, b = turned[..., : n // 2], turned[..., n // 2:]
        turned = torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
    return torch.cat([turned, rest], -1)


def heads_step(config, step, w, y, q, k, v):
    """q [B, H, T, D], k and v [B, KV, T, D]; y [B, T, C] is what the branch reads."""
    kind, epsilon = step["kind"], config["epsilon"]
    if kind == "clip":
        return tuple(x.clamp(-step["at"], step["at"]) for x in (q, k, v))
    if kind == "rotary":
        return rotate(step, q), rotate(step, k), v
    if kind == "qk_norm":
        return rms(q, epsilon) * w("q_norm.weight"), rms(k, epsilon) * w("k_norm.weight"), v
    if kind == "whole_qk_norm":
        def whole(x, gain):
            flat = x.transpose(1, 2).flatten(-2)
            return split(rms(flat, epsilon) * gain, x.shape[1])
        return whole(q, w("q_norm.weight")), whole(k, w("k_norm.weight")), v
    if kind == "value_gate":
        return q, k, v * split(torch.sigmoid(w.linear("value_gate.", y)), v.shape[1])
    raise ValueError(f"config.json: nothing is known of the step {kind!r} on q, k and v")


def split(x, heads):  # [B, T, heads * D] -> [B, heads, T, D]
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def alibi_slopes(heads):
    power = 2 ** int(math.log2(heads))
    slopes = [2 ** (-8 * (h + 1) / power) for h in range(power)]
    return slopes + [2 ** (-8 * (2 * h + 1) / (2 * power)) for h in range(heads - power)]


def score_step(config, step, w, y, s):
    """s [B, H, T query, T key]"""
    kind, length = step["kind"], y.shape[1]
    if kind == "soft_cap":
        return step["at"] * torch.tanh(s / step["at"])
    if kind == "temperature":
        return s / step["value"]
    if kind == "alibi":
        position = torch.arange(length, dtype=s.dtype)
        slopes = torch.tensor(alibi_slopes(config["heads"]), dtype=s.dtype)[:, None, None]
        return s - slopes * (position[:, None] - position)
    if kind == "forget_gate":
        sums = F.logsigmoid(w.linear("forget_gate.", y, True)).cumsum(1).transpose(1, 2)  # [B, H, T]
        return s + sums[..., :, None] - sums[..., None, :]
    raise ValueError(f"config.json: nothing is known of the step {kind!r} on scores")


def attention(config, a, w, y):
    length, H, KV = y.shape[1], config["heads"], config["kv_heads"]
    biased = a["biases"] != "none"
    q = split(w.linear("wq.", y, biased), H)
    k, v = (split(w.linear(name, y, biased), KV) for name in ("wk.", "wv."))
    for step in a["heads"]:
        q, k, v = heads_step(config, step, w, y, q, k, v)
    k, v = (x.repeat_interleave(H // KV, 1) for x in (k, v))
    root = math.sqrt(config["head_width"])
    s = q @ k.transpose(-1, -2) / root
    plain = ("soft_cap", "temperature")  # what happens to the score of a key that is no position too
    if a["extra_key"] != "none":
        extra = (q * w("extra_key.weight").repeat_interleave(H // KV, 0)[:, None]).sum(-1) / root
    for step in a["scores"]:
        s = score_step(config, step, w, y, s)
        if a["extra_key"] != "none" and step["kind"] in plain:
            extra = score_step(config, step, w, y, extra)

    at = torch.arange(length)
    seen = torch.ones(length, length, dtype=torch.bool)
    if a["mask"] == "causal":
        seen = at[:, None] >= at
    if a["window"] > 0:
        seen = seen & (at[:, None] - at < a["window"])
    if a["rule"] == "stick_breaking":  # a query does not see its own key
        seen = seen & (at[:, None] > at)
        left = torch.where(seen, F.logsigmoid(-s), torch.zeros_like(s))
        later = left.flip(-1).cumsum(-1).flip(-1) - left  # of the keys after this one
        pattern = torch.where(seen, torch.exp(F.logsigmoid(s) + later), torch.zeros_like(s))
    else:
        s = s.masked_fill(~seen, -math.inf)
        if a["extra_key"] != "none":
            s = torch.cat([s, extra[..., None]], -1)
        pattern = torch.softmax(s, -1)
    z = pattern[..., :length] @ v
    if a["extra_key"] == "key_value":
        z = z + pattern[..., length:] * w("extra_value.weight").repeat_interleave(H // KV, 0)[:, None]
    for step in a["mixed"]:
        z = rms(z, config["epsilon"]) * w(step["kind"] + ".weight")
    return w.linear("wo.", z.transpose(1, 2).flatten(-2), a["biases"] == "all")


def feed_forward(m, w, y):
    if m["kind"] == "linear":
        return w.linear("", y)
    f = ACTIVATIONS[m["activation"]]
    h = f(w.linear("w1.", y, m["biases"]))
    if m["kind"] == "gated":
        h = h * w.linear("w3.", y, m["biases"])
    return w.linear("w2.", h, m["biases"])


def layer(config, l, w, x):
    def N(name, y):
        return norm(l["norm"], w.inside(name + "_norm."), y, config["epsilon"])

    def branch(name, y):
        if name == "ff":
            return feed_forward(l["mlp"], w.inside("ff."), y)
        return attention(config, l["attention"], w.inside("attention."), y)

    wiring = l["wiring"]
    if wiring.startswith("parallel"):
        of_mlp = "ff" if wiring == "parallel_apart" else "attention"
        return x + branch("attention", N("attention", x)) + branch("ff", N(of_mlp, x))
    for name in ("attention", "ff"):
        if wiring == "post":
            x = N(name, x + branch(name, x))
        else:
            y = branch(name, x if wiring == "after" else N(name, x))
            x = x + (y if wiring == "pre" else N(name + "_post", y))
    return x


def logits(config, parameters, inputs):
    """[B, T] tokens to [B, T, V]."""
    w = Scope(parameters)
    x = w("tok_embeddings.weight")[inputs]
    if config["positions"] == "learned":
        x = x + w("pos_embeddings.weight")[: inputs.shape[1]]
    for number, l in enumerate(config["layers"]):
        x = layer(config, l, w.inside(f"layers.{number}."), x)
    return w.linear("output.", norm(config["last_norm"], w.inside("norm."), x, config["epsilon"]))
