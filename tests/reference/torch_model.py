# SPDX-License-Identifier: MIT
"""The model in PyTorch, written from its definition (arXiv 2410.13835, section 2) and from nothing
else: gradients come from autograd, optimizer steps from torch.optim.

A model is a configuration (the dictionary of a config.json) and a dictionary of parameters by their
names in the authors' state dict. tests/reference/check_against_torch.py describes config.json.
"""
import math

import torch
import torch.nn.functional as F

import torch_parts


def causal_pattern(rule, scores, context, sink=None):
    """Attention weights of scores [B, H, T query, T key]; `sink` is one logit per head."""
    length = scores.shape[-1]
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    if rule in ("relu", "gated_relu"):
        visible_keys = torch.arange(1, length + 1, dtype=scores.dtype)[:, None]
        return (F.relu(scores) / visible_keys).masked_fill(future, 0)
    if rule == "sigmoid":
        return torch.sigmoid(scores - math.log(context)).masked_fill(future, 0)
    scores = scores.masked_fill(future, -math.inf)
    if rule in ("softmax_n", "sink_logit"):
        sink = torch.zeros(scores.shape[1], dtype=scores.dtype) if sink is None else sink
        column = sink[None, :, None, None].expand(*scores.shape[:3], 1)
        return torch.softmax(torch.cat([scores, column], dim=-1), dim=-1)[..., :-1]
    return torch.softmax(scores, dim=-1)  # softmax, output_gate


def attention(config, layer, w, y):
    """`w(name)` is the parameter of this name in this layer's attention."""
    def heads(x):  # [B, T, C] -> [B, H, T, D]
        return x.unflatten(-1, (config["heads"], -1)).transpose(1, 2)

    rule = layer["attention"]
    q, k = heads(F.linear(y, w("wq"))), heads(F.linear(y, w("wk")))
    v = heads(y if layer["identity_v"] else F.linear(y, w("wv")))
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    sink = w("sink") if rule == "sink_logit" else None
    pattern = causal_pattern(rule, scores, config["context"], sink)
    z = (pattern @ v).transpose(1, 2).flatten(-2)
    if rule in ("output_gate", "gated_relu"):
        z = z * torch.sigmoid(F.linear(y, w("wg")))
    return z if layer["identity_o"] else F.linear(z, w("wo"))


def feed_forward(layer, w, y):
    if layer["mlp"] == "linear":
        return F.linear(y, w(""))
    return F.linear(F.relu(F.linear(y, w("w1"))), w("w2"))


def positions(config, parameters, length, dtype):
    if config["positions"] == "learned":
        return parameters["pos_embeddings.weight"][:length]
    even = torch.arange(0, config["width"], 2, dtype=dtype)
    angle = torch.arange(length, dtype=dtype)[:, None] / 10000 ** (even / config["width"])
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)[:, : config["width"]]


def logits(config, parameters, inputs):
    """[B, T] tokens to [B, T, V]."""
    if config.get("parts"):
        return torch_parts.logits(config, parameters, inputs)

    def norm(name, x):
        weight, bias = parameters[name + ".weight"], parameters[name + ".bias"]
        return F.layer_norm(x, x.shape[-1:], weight, bias, eps=1e-5)

    def residual(x, branch, norm_name):
        if norm_name is None:
            return x + branch(x)
        if config["post_norm"]:
            return norm(norm_name, x + branch(x))
        return x + branch(norm(norm_name, x))

    tokens = parameters["tok_embeddings.weight"]
    x = tokens[inputs] + positions(config, parameters, inputs.shape[1], tokens.dtype)
    for number, layer in enumerate(config["layers"]):
        at = f"layers.{number}."
        if layer["attention"] != "none":
            def weight(name):
                return parameters[f"{at}attention.{name}.weight"]
            x = residual(x, lambda y: attention(config, layer, weight, y),
                         at + "attention_norm" if layer["attention_norm"] else None)
        if layer["mlp"] != "none":
            def weight(name):
                return parameters[f"{at}ff.{name}.weight" if name else f"{at}ff.weight"]
            x = residual(x, lambda y: feed_forward(layer, weight, y),
                         at + "ff_norm" if layer["mlp_norm"] else None)
    if config["final_norm"]:
        x = norm("norm", x)
    return F.linear(x, tokens if config["tied_output"] else parameters["output.weight"])


def loss(config, parameters, tokens):
    """Mean cross-entropy of tokens [B, T + 1] where the input is no register, nats."""
    inputs, targets = tokens[:, :-1], tokens[:, 1:]
    return F.cross_entropy(logits(config, parameters, inputs)[inputs >= 0], targets[inputs >= 0])


def leaves(config, parameters):
    """Copies of the parameters (numpy) that autograd and optimizers can work on, in double."""
    copies = {name: torch.tensor(value, dtype=torch.float64) for name, value in parameters.items()}
    for name, copy in copies.items():
        copy.requires_grad_(name not in config["frozen"])
    return copies


class SignSGD(torch.optim.Optimizer):
    """p -= lr (sign(g) + weight_decay p)"""

    def __init__(self, parameters, lr, weight_decay):
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(group["lr"] * (p.grad.sign() + group["weight_decay"] * p))


def optimizer(name, hyper, parameters):
    if name == "adamw":
        return torch.optim.AdamW(parameters, lr=hyper["lr"], betas=(hyper["beta1"], hyper["beta2"]),
                                 eps=hyper["eps"], weight_decay=hyper["weight_decay"])
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=hyper["lr"], momentum=hyper["momentum"],
                               weight_decay=hyper["weight_decay"])
    if name == "sign_sgd":
        return SignSGD(parameters, lr=hyper["lr"], weight_decay=hyper["weight_decay"])
    raise ValueError(f"config.json: optimizer is {name!r}, expected adamw, sgd or sign_sgd")


def train(config, parameters, tokens, name, steps):
    """The parameters after some steps on one batch."""
    copies = leaves(config, parameters)
    stepper = optimizer(name, config["optimizers"][name],
                        [p for p in copies.values() if p.requires_grad])
    for _ in range(steps):
        stepper.zero_grad()
        loss(config, copies, tokens).backward()
        stepper.step()
    return {key: copy.detach().numpy() for key, copy in copies.items()}
