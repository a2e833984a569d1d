# SPDX-License-Identifier: MIT
"""Compares evaluate_checkpoint with the model in PyTorch (tests/reference/torch_model.py).

    python3 evaluate_against_torch.py BIGRAM_BACKCOPY EVALUATE_CHECKPOINT FOLDER

Trains every structure a few steps with bigram_backcopy, evaluates the checkpoint on random tokens in
float and in double, and compares logits, loss, every gradient, and the sites that PyTorch shows.
Exit code: 0 if all agree, 1 if not, 77 if PyTorch is not installed.
"""
import itertools
import pathlib
import shutil
import subprocess
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.dont_write_bytecode = True  # leave no __pycache__ in the source tree
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "reference"))
import safetensors_file
import torch_model

SIZES = {"demo": (64, 64), "paper": (256, 256)}
# Errors are relative to the largest value of a tensor. See check_against_torch.py for the reasons.
ALLOWED = {"double": {"logits": 1e-10, "loss": 1e-10, "gradients": 1e-10},
           "float": {"logits": 1e-5, "loss": 1e-6, "gradients": 1e-4}}


def config_of(shape, layers, attention):
    width, context = SIZES[shape]
    rules = ["none", attention, "none"] if layers == "minimal" else [attention] * int(layers)
    return {"vocab": 67, "width": width, "context": context, "heads": 1, "hidden": 4 * width,
            "post_norm": False, "final_norm": True, "positions": "learned", "tied_output": False,
            "frozen": [],
            "layers": [{"attention": rule, "mlp": "relu", "attention_norm": True, "mlp_norm": True,
                        "identity_v": False, "identity_o": False} for rule in rules]}


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(f"{' '.join(map(str, command))} ended with {done.returncode}: "
                         f"{done.stderr.strip()}")


def error(ours, theirs):
    if ours.shape != theirs.shape:
        raise ValueError(f"shape {ours.shape}, PyTorch has {theirs.shape}")
    scale = np.abs(theirs).max()
    return np.abs(ours - theirs).max() / (scale if scale > 0 else 1)


def compare(folder, config, tokens, parameters, precision):
    leaves = torch_model.leaves(config, parameters)
    loss = torch_model.loss(config, leaves, tokens)
    loss.backward()
    with torch.no_grad():
        logits = torch_model.logits(config, leaves, tokens[:, :-1]).numpy()
    found = {"logits": error(np.load(folder / "logits.npy"), logits),
             "loss": error(np.array(float((folder / "loss.txt").read_text())),
                           loss.detach().numpy())}
    ours = safetensors_file.load(folder / "gradients.safetensors")
    if set(ours) != set(leaves):
        raise ValueError(f"only one side has the gradients {sorted(set(ours) ^ set(leaves))}")
    found["gradients"] = max(error(ours[name], leaf.grad.numpy())
                             for name, leaf in leaves.items())
    for number, layer in enumerate(config["layers"]):
        pattern = folder / f"pattern.{number}.npy"
        if pattern.exists() != (layer["attention"] != "none"):
            raise ValueError(f"{pattern.name} is there, but should not be, or the reverse")
        if pattern.exists():
            batch, length = tokens[:, :-1].shape
            if np.load(pattern).shape != (batch, 1, length, length):
                raise ValueError(f"{pattern.name} has shape {np.load(pattern).shape}")
    final = np.load(folder / "final_norm.npy")
    found["logits"] = max(found["logits"],
                          error(final @ parameters["output.weight"].T.astype(final.dtype), logits))
    for kind, bound in ALLOWED[precision].items():
        if not found[kind] <= bound:
            raise ValueError(f"{kind} off by {found[kind]:.1e}, allowed is {bound:.0e}")
    return found


def main():
    train, evaluate, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    torch.set_num_threads(1)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    cases = list(itertools.product(["demo"], ["1", "2", "3", "minimal"],
                                   ["softmax", "relu", "sigmoid", "softmax_n", "sink_logit",
                                    "output_gate"]))
    cases += [("paper", "1", "softmax"), ("paper", "3", "relu"), ("paper", "2", "sink_logit"),
              ("paper", "minimal", "output_gate")]
    random = np.random.default_rng(1)
    failed = 0
    for shape, layers, attention in cases:
        name = f"{shape}-{layers}-{attention}"
        try:
            run(train, "--shape", shape, "--layers", layers, "--attention", attention, "--steps", 2,
                "--batch", 2, "--lr", "0.01", "--no-figures", "--out", folder / name)
            tokens = random.integers(0, 67, (3, 12))
            np.save(folder / name / "tokens.npy", tokens)
            parameters = safetensors_file.load(folder / name / "checkpoint.safetensors")
            config = config_of(shape, layers, attention)
            line = ""
            for precision in ("float", "double"):
                out = folder / name / precision
                run(evaluate, "--checkpoint", folder / name / "checkpoint.safetensors", "--tokens",
                    folder / name / "tokens.npy", "--out", out, "--gradients", "--precision",
                    precision, "--sites", "pattern,final_norm")
                found = compare(out, config, torch.tensor(tokens), parameters, precision)
                line += f"  {precision}: " + " ".join(f"{k} {v:.0e}" for k, v in found.items())
            print(f"{name:<24} ok    {line}", flush=True)
        except (ValueError, OSError) as problem:
            failed += 1
            print(f"{name:<24} FAILED  {problem}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
