# SPDX-License-Identifier: MIT
"""Reads Hugging Face folders that the library wrote and computes their logits in NumPy, in double.

    python3 check_folders.py FOLDER      # what dump_folders has written

The formulas are those of the families' publications, read from config.json and the names of the tensors
alone; nothing is taken from the library. Exits with 77 where NumPy is not installed.
"""
import json
import math
import pathlib
import sys

try:
    import numpy as np
except ImportError:
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import safetensors_file  # noqa: E402


def rms(x, gain, epsilon):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True) + epsilon) * gain


def layer_norm(x, gain, bias, epsilon):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)
    return y * gain + bias


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def rotary(x, base, turned):
    """x [T, H, D], of which the first `turned` dimensions turn, in pairs (i, i + turned / 2)."""
    half = turned // 2
    angle = np.arange(x.shape[0])[:, None] * base ** (-2 * np.arange(half) / turned)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    a, b = x[..., :half], x[..., half:turned]
    return np.concatenate((a * cos - b * sin, b * cos + a * sin, x[..., turned:]), -1)


def attend(q, k, v):
    """q [T, H, D], k and v [T, KV, D], which H / KV query heads share."""
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], axis=1) for x in (k, v))
    scores = np.einsum("qhd,khd->hqk", q, k) / math.sqrt(q.shape[-1])
    scores[:, np.triu(np.ones(scores.shape[1:], bool), 1)] = -np.inf
    return np.einsum("hqk,khd->qhd", softmax(scores), v).reshape(q.shape[0], -1)


class Reader:
    """Tensors by name; those that are absent are None, and what was never asked for is an error."""

    def __init__(self, tensors):
        self.tensors, self.used = tensors, set()

    def __call__(self, name):
        self.used.add(name)
        return self.tensors.get(name)

    def linear(self, name, x):
        bias = self(name + ".bias")
        return x @ self(name + ".weight").T + (0 if bias is None else bias)


def llama_like(w, config, ids):
    heads, kv = config["num_attention_heads"], config["num_key_value_heads"]
    kind, d = config["model_type"], config["head_dim"]
    epsilon = config.get("rms_norm_eps", 1e-5)
    clip = config.get("clip_qkv") or np.inf

    def norm(x, name):
        if kind == "olmo":
            return layer_norm(x, 1, 0, 1e-5)
        return rms(x, w(name + ".weight"), epsilon)

    def attention(x, at):
        q, k, v = (np.clip(w.linear(f"{at}.self_attn.{n}_proj", x), -clip, clip) for n in "qkv")
        if kind == "olmo2":
            q = rms(q, w(f"{at}.self_attn.q_norm.weight"), epsilon)
            k = rms(k, w(f"{at}.self_attn.k_norm.weight"), epsilon)
        q, k, v = (y.reshape(len(x), n, d) for y, n in ((q, heads), (k, kv), (v, kv)))
        q, k = (rotary(y, config["rope_theta"], d) for y in (q, k))
        return w.linear(f"{at}.self_attn.o_proj", attend(q, k, v))

    def mlp(x, at):
        gate = silu(w.linear(f"{at}.mlp.gate_proj", x))
        return w.linear(f"{at}.mlp.down_proj", gate * w.linear(f"{at}.mlp.up_proj", x))

    x = w("model.embed_tokens.weight")[ids]
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}"
        if kind == "olmo2":
            x = x + norm(attention(x, at), f"{at}.post_attention_layernorm")
            x = x + norm(mlp(x, at), f"{at}.post_feedforward_layernorm")
        else:
            x = x + attention(norm(x, f"{at}.input_layernorm"), at)
            x = x + mlp(norm(x, f"{at}.post_attention_layernorm"), at)
    return norm(x, "model.norm") @ w("lm_head.weight").T


def gpt_neox(w, config, ids):
    heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]
    d = config["hidden_size"] // heads
    turned = int(d * config["rotary_pct"])

    def norm(x, name):
        return layer_norm(x, w(name + ".weight"), w(name + ".bias"), epsilon)

    def attention(x, at):
        q, k, v = np.split(w.linear(f"{at}.attention.query_key_value", x)
                           .reshape(len(x), heads, 3 * d), 3, axis=-1)
        q, k = (rotary(y, config["rotary_emb_base"], turned) for y in (q, k))
        return w.linear(f"{at}.attention.dense", attend(q, k, v))

    def mlp(x, at):
        return w.linear(f"{at}.mlp.dense_4h_to_h", gelu(w.linear(f"{at}.mlp.dense_h_to_4h", x)))

    x = w("gpt_neox.embed_in.weight")[ids]
    for layer in range(config["num_hidden_layers"]):
        at = f"gpt_neox.layers.{layer}"
        a = attention(norm(x, f"{at}.input_layernorm"), at)
        middle = x if config["use_parallel_residual"] else x + a
        m = mlp(norm(middle, f"{at}.post_attention_layernorm"), at)
        x = x + a + m
    return norm(x, "gpt_neox.final_layer_norm") @ w("embed_out.weight").T


def gpt2(w, config, ids):
    heads, epsilon = config["n_head"], config["layer_norm_epsilon"]
    activation = {"relu": lambda x: np.maximum(x, 0), "gelu_new": gelu_tanh}[
        config["activation_function"]]

    def norm(x, name):
        return layer_norm(x, w(name + ".weight"), w(name + ".bias"), epsilon)

    def conv(x, name):
        return x @ w(name + ".weight") + w(name + ".bias")

    x = w("wte.weight")[ids] + w("wpe.weight")[: len(ids)]
    for layer in range(config["n_layer"]):
        at = f"h.{layer}"
        q, k, v = (y.reshape(len(x), heads, -1)
                   for y in np.split(conv(norm(x, f"{at}.ln_1"), f"{at}.attn.c_attn"), 3, axis=-1))
        x = x + conv(attend(q, k, v), f"{at}.attn.c_proj")
        x = x + conv(activation(conv(norm(x, f"{at}.ln_2"), f"{at}.mlp.c_fc")), f"{at}.mlp.c_proj")
    head = w("wte.weight") if config["tie_word_embeddings"] else w("lm_head.weight")
    return norm(x, "ln_f") @ head.T


FAMILIES = {"LlamaForCausalLM": llama_like, "OlmoForCausalLM": llama_like,
            "Olmo2ForCausalLM": llama_like, "GPTNeoXForCausalLM": gpt_neox, "GPT2LMHeadModel": gpt2}


def main():
    failures = checked = 0
    for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        w = Reader(safetensors_file.load(folder / "model.safetensors"))
        expected = safetensors_file.load(folder / "expected.safetensors")
        family = FAMILIES[config["architectures"][0]]
        found = np.stack([family(w, config, ids) for ids in expected["input_ids"]])
        worst = np.abs(found - expected["logits"]).max() / np.abs(expected["logits"]).max()
        left = set(w.tensors) - w.used
        checked += 1
        print(f"{folder.name}: {worst:.1e} of the largest logit" + (f", unused: {left}" if left else ""))
        failures += not worst < 1e-12 or bool(left)
    if checked < 8:
        sys.exit(f"only {checked} folders were found")
    if failures:
        sys.exit(f"{failures} of {checked} folders differ by more than 1e-12")


if __name__ == "__main__":
    main()
