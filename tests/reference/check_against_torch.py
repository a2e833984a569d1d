# SPDX-License-Identifier: MIT
"""Compares what the library computed with PyTorch: logits, loss, every gradient, and the parameters
after some steps of each optimizer.

    python3 check_against_torch.py DIR [--verbose]

Every folder of DIR is a case and holds
    config.json            the model and the optimizers, see below
    checkpoint.safetensors the parameters at the start
    tokens.npy             [B, T + 1] int32; the first T of a row are inputs, the last T targets
    logits.npy             [B, T, V]
    loss.txt               mean cross-entropy, nats, 17 digits
    gradients.safetensors  one tensor for every parameter that is not frozen
    after_NAME.safetensors all parameters after "steps" steps of optimizer NAME on the same batch

config.json: {"name", "dtype": "float" | "double", "vocab", "width", "context", "heads", "hidden",
"post_norm", "final_norm", "positions": "learned" | "sincos", "tied_output", "frozen": [names],
"layers": [{"attention": "softmax" | "relu" | "sigmoid" | "softmax_n" | "sink_logit" |
"output_gate" | "gated_relu" | "none", "mlp": "relu" | "linear" | "none", "attention_norm",
"mlp_norm", "identity_v", "identity_o"}], "steps", "optimizers": {"adamw": {"lr", "beta1", "beta2", "eps",
"weight_decay"}, "sgd": {"lr", "momentum", "weight_decay"}, "sign_sgd": {"lr", "weight_decay"}}}, or as
torch_parts.py says where it has "parts".

PyTorch computes in double. The error of a tensor is its largest absolute error, divided by the
largest absolute value of the tensor in PyTorch. For parameters after steps in float it is the error
of the movement instead, ||ours - PyTorch's|| / ||PyTorch's - start||: see FLOAT_MOVEMENT below.
Exit code: 0 if all cases agree, 1 if one does not,
77 if PyTorch is not installed.
"""
import argparse
import json
import pathlib
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.dont_write_bytecode = True  # leave no __pycache__ in the source tree
import safetensors_file
import torch_model

# A double holds 16 digits; sums over a few thousand terms cost the last four or five.
DOUBLE = {"logits": 1e-10, "loss": 1e-10, "gradients": 1e-10,
          "adamw": 1e-10, "sgd": 1e-10, "sign_sgd": 1e-10}
# A float holds 7 digits (epsilon 1.2e-7). The forward pass loses about one and a half of them in
# sums of C, F and T terms. Gradients pass through it twice and cancel across positions, which costs
# about one more.
FLOAT = {"logits": 1e-5, "loss": 1e-6, "gradients": 1e-4}
# After several steps single elements may be far apart for no fault. A ReLU input that is all
# rounding error falls on the other side of zero, which changes every gradient before it. AdamW and
# signSGD divide by the size of the gradient, so where that is all rounding error the direction of a
# full step is a coin toss. Both are rare, while a wrong formula moves everything wrongly: the norm
# of the movement tells the two apart.
FLOAT_MOVEMENT = {"adamw": 3e-2, "sgd": 1e-2, "sign_sgd": 3e-2}


class Disagreement(Exception):
    pass


class Comparison:
    """Collects the errors of one case and refuses those beyond the bounds."""

    def __init__(self, bounds, verbose):
        self.bounds, self.verbose, self.worst = bounds, verbose, {}

    def tensor(self, kind, name, ours, theirs, start=None):
        """With `start`, the movement away from it is compared."""
        if ours.shape != theirs.shape:
            raise Disagreement(f"{name} has shape {ours.shape}, PyTorch has {theirs.shape}")
        if not np.isfinite(ours).all():
            raise Disagreement(f"{name} has a value that is not finite")
        difference = ours.astype(np.float64) - theirs
        if start is None:
            error, scale = np.abs(difference).max(), np.abs(theirs).max()
        else:
            error, scale = np.linalg.norm(difference), np.linalg.norm(theirs - start)
        error = error / scale if scale > 0 else error
        self.worst[kind] = max(self.worst.get(kind, 0), error)
        if self.verbose:
            print(f"    {kind:<10} {name:<36} {error:.1e}")
        if not error <= self.bounds[kind]:
            of_what = "its largest value" if start is None else "its movement"
            raise Disagreement(f"{kind}: {name} is off by {error:.1e} of {of_what}, "
                               f"allowed is {self.bounds[kind]:.0e}")

    def tensors(self, kind, ours, theirs, start={}):
        if set(ours) != set(theirs):
            raise Disagreement(f"{kind}: only one side has {sorted(set(ours) ^ set(theirs))}")
        for name in theirs:
            self.tensor(kind, name, ours[name], theirs[name], start.get(name))


def check(folder, verbose):
    config = json.loads((folder / "config.json").read_text())
    parameters = safetensors_file.load(folder / "checkpoint.safetensors")
    tokens = torch.tensor(np.load(folder / "tokens.npy").astype(np.int64))
    is_float = config["dtype"] == "float"
    comparison = Comparison({**FLOAT, **FLOAT_MOVEMENT} if is_float else DOUBLE, verbose)

    for name in config["frozen"]:
        if name not in parameters:
            raise Disagreement(f"config.json freezes {name}, which checkpoint.safetensors lacks")
    leaves = torch_model.leaves(config, parameters)
    loss = torch_model.loss(config, leaves, tokens)
    loss.backward()
    with torch.no_grad():
        logits = torch_model.logits(config, leaves, tokens[:, :-1]).numpy()
    unused = [name for name, leaf in leaves.items() if leaf.requires_grad and leaf.grad is None]
    if unused:
        raise Disagreement(f"checkpoint.safetensors has parameters without a part in this model: "
                           f"{unused}")

    comparison.tensor("logits", "logits", np.load(folder / "logits.npy"), logits)
    our_loss = np.array(float((folder / "loss.txt").read_text()))
    comparison.tensor("loss", "loss", our_loss, loss.detach().numpy())
    comparison.tensors("gradients", safetensors_file.load(folder / "gradients.safetensors"),
                       {name: leaf.grad.numpy() for name, leaf in leaves.items()
                        if leaf.requires_grad})
    for name in config["optimizers"]:
        ours = safetensors_file.load(folder / f"after_{name}.safetensors")
        for frozen in config["frozen"]:
            if frozen in ours and not np.array_equal(ours[frozen], parameters[frozen]):
                raise Disagreement(f"{name} moved {frozen}, which is frozen")
        theirs = torch_model.train(config, parameters, tokens, name, config["steps"])
        comparison.tensors(name, ours, theirs, parameters if is_float else {})
    return comparison.worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--verbose", action="store_true", help="print the error of every tensor")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    cases = sorted(path.parent for path in arguments.directory.glob("*/config.json"))
    if not cases:
        print(f"{arguments.directory} has no case, that is, no folder with a config.json")
        return 1
    failed = 0
    for folder in cases:
        try:
            worst = check(folder, arguments.verbose)
            verdict = "ok      " + "  ".join(f"{k} {v:.1e}" for k, v in worst.items())
        except KeyError as missing:
            failed += 1
            verdict = f"FAILED  {missing} is missing"
        except (Disagreement, OSError, ValueError) as problem:
            failed += 1
            verdict = f"FAILED  {problem}"
        print(f"{folder.name:<40} {verdict}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
