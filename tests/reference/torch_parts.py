# SPDX-License-Identifier: MIT
"""Every part of the library in PyTorch, written from its definition: gradients come from autograd.

A model is a configuration, the dictionary of a config.json with "parts": true, and a dictionary of
parameters by name:
    {"name", "dtype", "parts": true, "width", "context", "heads", "kv_heads", "head_width", "epsilon",
     "frozen": [names], "optimizers": as in check_against_torch.py, "positions": "learned" | "none",
     "tokens": TOKENS, "last_norm": NORM,
     "layers": [{"wiring": WIRING, "norm": NORM, "attention": {...}, "mlp": {...}}]}
NORM, WIRING, TOKENS, the "kind" of a step, "rule" and "extra_key" are names that `norm`, `wiring`, `tokens`,
`heads_step`, `score_step`, `mixed_step`, `rule` and `extra_key` below, or a file of parts/, know. Without
"tokens" it is "plain".
Wirings, F a branch and N its norm: "pre" x + F(N(x)), "post" N(x + F(x)), "sandwich" x + N'(F(N(x))),
"after" x + N'(F(x)), "parallel" x + A(N(x)) + M(N(x)), "parallel_apart" x + A(N(x)) + M(N2(x)).
attention: "biases": "none" | "inputs" | "all"; "heads", "scores" and "mixed", lists of steps in their
order, each with its "kind" and numbers of its own; "rule"; "mask": "causal" | "none"; "window": keys or
0; "extra_key": "none" or such a name.
mlp: "kind": "plain" | "gated" | "linear", "activation": "relu" | "gelu" | "gelu_new" | "silu".
"""
import importlib
import math
import pathlib
import sys

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


class Known:
    """What is known by name: `@heads_step("clip")` makes a function known, `heads_step["clip"]` finds it."""

    def __init__(self, what):
        self.what, self.functions = what, {}

    def __call__(self, *names):
        def know(function):
            self.functions.update(dict.fromkeys(names, function))
            return function
        return know

    def __getitem__(self, name):
        if name not in self.functions:
            raise ValueError(f"config.json: nothing is known of the {self.what} {name!r}")
        return self.functions[name]


norm = Known("norm")                          # f(w, x, epsilon) -> x
heads_step = Known("step on q, k and v")      # f(config, step, w, y, q, k, v) -> q, k, v
score_step = Known("step on scores")          # f(config, step, w, y, s) -> s
mixed_step = Known("step on heads' outputs")  # f(config, step, w, y, z, v) -> z
rule = Known("rule")                          # f(config, w, s, seen) -> weights, 0 where a key is not seen
tokens = Known("table of tokens")             # f(w, inputs) -> x [B, T, C]
extra_key = Known("extra key")                # f(w) -> key, value, each [KV, D], or None for one of zeros
wiring = Known("wiring")                      # f(w, x, N, F) -> x, see below
# y [B, T, C] is what the branch reads; q and z [B, H, T, D]; k and v [B, KV, T, D], in `mixed_step` v
# [B, H, T, D]; s [B, H, T query, keys], seen [T query, keys]: positions, then a key that is none


def rms(x, epsilon):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon)


@tokens("plain")
def plain_tokens(w, inputs):
    return w("weight")[inputs]


@norm("none")
def no_norm(w, x, epsilon):
    return x


@norm("rms_norm")
def rms_norm(w, x, epsilon):
    return rms(x, epsilon) * w("weight")


@norm("plain_rms_norm")
def plain_rms_norm(w, x, epsilon):
    return rms(x, epsilon)


@norm("layer_norm")
def layer_norm(w, x, epsilon):
    return gained_layer_norm(w, x, epsilon) + w("bias")


@norm("gained_layer_norm")
def gained_layer_norm(w, x, epsilon):
    return plain_layer_norm(w, x, epsilon) * w("weight")


@norm("plain_layer_norm")
def plain_layer_norm(w, x, epsilon):
    return rms(x - x.mean(-1, keepdim=True), epsilon)


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


@heads_step("clip")
def clip(config, step, w, y, q, k, v):
    return tuple(x.clamp(-step["at"], step["at"]) for x in (q, k, v))


@heads_step("rotary")
def rotary(config, step, w, y, q, k, v):
    return rotate(step, q), rotate(step, k), v


@heads_step("qk_norm")
def qk_norm(config, step, w, y, q, k, v):
    epsilon = config["epsilon"]
    return rms(q, epsilon) * w("q_norm.weight"), rms(k, epsilon) * w("k_norm.weight"), v


@heads_step("whole_qk_norm")
def whole_qk_norm(config, step, w, y, q, k, v):
    def whole(x, gain):
        flat = x.transpose(1, 2).flatten(-2)
        return split(rms(flat, config["epsilon"]) * gain, x.shape[1])
    return whole(q, w("q_norm.weight")), whole(k, w("k_norm.weight")), v


def split(x, heads):  # [B, T, heads * D] -> [B, heads, T, D]
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


@score_step("soft_cap")
def soft_cap(config, step, w, y, s):
    return step["at"] * torch.tanh(s / step["at"])


@score_step("temperature")
def temperature(config, step, w, y, s):
    return s / step["value"]


@rule("softmax")
def softmax(config, w, s, seen):
    return torch.softmax(s.masked_fill(~seen, -math.inf), -1)


@extra_key("key")
def learned_key(w):
    return w("extra_key.weight"), None


@extra_key("key_value")
def learned_key_and_value(w):
    return w("extra_key.weight"), w("extra_value.weight")


def attention(config, a, w, y):
    length, H, KV = y.shape[1], config["heads"], config["kv_heads"]
    biased = a["biases"] != "none"
    q = split(w.linear("wq.", y, biased), H)
    k, v = (split(w.linear(name, y, biased), KV) for name in ("wk.", "wv."))
    for step in a["heads"]:
        q, k, v = heads_step[step["kind"]](config, step, w, y, q, k, v)
    k, v = (x.repeat_interleave(H // KV, 1) for x in (k, v))
    root = math.sqrt(config["head_width"])
    s = q @ k.transpose(-1, -2) / root
    plain = ("soft_cap", "temperature")  # what happens to the score of a key that is no position too
    key, value = (None, None) if a["extra_key"] == "none" else extra_key[a["extra_key"]](w)
    extra = torch.zeros_like(s[..., 0])
    if key is not None:
        extra = (q * key.repeat_interleave(H // KV, 0)[:, None]).sum(-1) / root
    for step in a["scores"]:
        change = score_step[step["kind"]]
        s = change(config, step, w, y, s)
        if a["extra_key"] != "none" and step["kind"] in plain:
            extra = change(config, step, w, y, extra)

    at = torch.arange(length)
    seen = torch.ones(length, length, dtype=torch.bool)
    if a["mask"] == "causal":
        seen = at[:, None] >= at
    if a["window"] > 0:
        seen = seen & (at[:, None] - at < a["window"])
    if a["extra_key"] != "none":
        s = torch.cat([s, extra[..., None]], -1)
        seen = torch.cat([seen, torch.ones(length, 1, dtype=torch.bool)], -1)
    pattern = rule[a["rule"]](config, w, s, seen)
    z = pattern[..., :length] @ v
    if value is not None:
        z = z + pattern[..., length:] * value.repeat_interleave(H // KV, 0)[:, None]
    for step in a["mixed"]:
        z = mixed_step[step["kind"]](config, step, w, y, z, v)
    return w.linear("wo.", z.transpose(1, 2).flatten(-2), a["biases"] == "all")


def feed_forward(m, w, y):
    if m["kind"] == "linear":
        return w.linear("", y)
    f = ACTIVATIONS[m["activation"]]
    h = f(w.linear("w1.", y, m["biases"]))
    if m["kind"] == "gated":
        h = h * w.linear("w3.", y, m["biases"])
    return w.linear("w2.", h, m["biases"])


# A wiring makes x of x, with N(name, y) the norm and F(name, y) the branch of that name.
def one_after_the_other(step):
    def both(w, x, N, F):
        return step(w, step(w, x, "attention", N, F), "ff", N, F)
    return both


wiring("pre")(one_after_the_other(lambda w, x, name, N, F: x + F(name, N(name, x))))
wiring("post")(one_after_the_other(lambda w, x, name, N, F: N(name, x + F(name, x))))
wiring("sandwich")(one_after_the_other(lambda w, x, name, N, F: x + N(name + "_post", F(name, N(name, x)))))
wiring("after")(one_after_the_other(lambda w, x, name, N, F: x + N(name + "_post", F(name, x))))
wiring("parallel")(lambda w, x, N, F: x + F("attention", N("attention", x)) + F("ff", N("attention", x)))
wiring("parallel_apart")(lambda w, x, N, F: x + F("attention", N("attention", x)) + F("ff", N("ff", x)))


def layer(config, l, w, x):
    def N(name, y):
        return norm[l["norm"]](w.inside(name + "_norm."), y, config["epsilon"])

    def branch(name, y):
        if name == "ff":
            return feed_forward(l["mlp"], w.inside("ff."), y)
        return attention(config, l["attention"], w.inside("attention."), y)

    return wiring[l["wiring"]](w, x, N, branch)


def logits(config, parameters, inputs):
    """[B, T] tokens to [B, T, V]."""
    w = Scope(parameters)
    x = tokens[config.get("tokens", "plain")](w.inside("tok_embeddings."), inputs)
    if config["positions"] == "learned":
        x = x + w("pos_embeddings.weight")[: inputs.shape[1]]
    for number, l in enumerate(config["layers"]):
        x = layer(config, l, w.inside(f"layers.{number}."), x)
    x = norm[config["last_norm"]](w.inside("norm."), x, config["epsilon"])
    return w.linear("output.", x)


sys.modules.setdefault("torch_parts", sys.modules[__name__])
for file in sorted(pathlib.Path(__file__).parent.glob("parts/*.py")):
    importlib.import_module(f"parts.{file.stem}")
