# SPDX-License-Identifier: MIT
"""Compares what optimizers of the library do with their formulas in PyTorch, in double.

    python3 check_optimizers.py DIR [--verbose]

Every folder of DIR is a case and holds
    config.json            {"reference": NAME, "steps", "pull", "hyper_parameters", "groups": {tensor: group}}
    start.safetensors      the tensors before the first step
    gradient_T.safetensors of step T = 1, 2, ...; the gradient is this plus "pull" times the tensor
    after.safetensors      the tensors after all steps

optimizers/NAME.py has the class `Reference(tensors, groups, hyper_parameters)`: `tensors` are leaves,
which `step(t)` changes in place, looking at their `grad`; t counts from 1.

Exit code: 0 if all cases agree, 1 if one does not, 77 if PyTorch is not installed.
"""
import argparse
import importlib
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

BOUND = 1e-10  # of the largest value of a tensor


def load(path):
    return {name: torch.tensor(values) for name, values in safetensors_file.load(path).items()}


def check(folder, verbose):
    """The largest error of the case."""
    config = json.loads((folder / "config.json").read_text())
    tensors = load(folder / "start.safetensors")
    for tensor in tensors.values():
        tensor.requires_grad_(True)
    start = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    reference = importlib.import_module("optimizers." + config["reference"])
    how = reference.Reference(tensors, config["groups"], config["hyper_parameters"])
    for t in range(1, config["steps"] + 1):
        for name, noise in load(folder / f"gradient_{t}.safetensors").items():
            tensors[name].grad = noise + config["pull"] * tensors[name].detach()
        with torch.no_grad():
            how.step(t)

    worst = 0
    ours = safetensors_file.load(folder / "after.safetensors")
    if set(ours) != set(tensors):
        raise ValueError(f"only one side has {sorted(set(ours) ^ set(tensors))}")
    for name, tensor in tensors.items():
        theirs = tensor.detach().numpy()
        if not np.isfinite(ours[name]).all():
            raise ValueError(f"{name} has a value that is not finite")
        if torch.equal(tensor.detach(), start[name]):
            raise ValueError(f"PyTorch did not move {name}, so nothing is compared")
        error = np.abs(ours[name] - theirs).max() / np.abs(theirs).max()
        worst = max(worst, error)
        if verbose:
            print(f"    {name:<36} {error:.1e}")
        if not error <= BOUND:
            raise ValueError(f"{name} is off by {error:.1e} of its largest value, "
                             f"allowed is {BOUND:.0e}")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--verbose", action="store_true", help="print the error of every tensor")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    here = pathlib.Path(__file__).parent
    written = {path.stem for path in here.glob("optimizers/*.py")}
    cases = sorted(path.parent for path in arguments.directory.glob("*/config.json"))
    failed, seen = 0, set()
    for folder in cases:
        try:
            seen.add(json.loads((folder / "config.json").read_text())["reference"])
            verdict = f"ok      {check(folder, arguments.verbose):.1e}"
        except (ImportError, KeyError, OSError, ValueError) as problem:
            failed += 1
            verdict = f"FAILED  {problem!r}"
        print(f"{folder.name:<40} {verdict}", flush=True)
    if written != seen:
        failed += 1
        print(f"FAILED  without a case: {sorted(written - seen)}")
    print(f"{len(cases)} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
