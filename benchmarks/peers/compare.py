#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A training step here and in PyTorch, in turn, on the same machine in the same minutes.

    python3 benchmarks/peers/compare.py --program build/release/benchmarks/train_step

Prints tokens per second (best and median over rounds) and the ratios: the plain model, the same
mathematics rearranged (exact algebra), and both with operands in bf16. The median of a round's
ratios has an interval, which six rounds are the fewest for. Needs python3-torch, with OpenBLAS as
its BLAS for a fair comparison (Debian: libopenblas0-pthread).
"""
import argparse
import json
import math
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

from best_kernels import best_kernels

HERE = pathlib.Path(__file__).resolve().parent
ALGEBRA = ", dm::merged_projections, dm::factored_embedding"
OURS = {"dormant": "", "dormant, exact algebra": ALGEBRA, "dormant, bf16": ", dm::bf16",
        "dormant, bf16 and algebra": ", dm::bf16" + ALGEBRA}
TUNED = "PyTorch, tuned"
PEERS = (TUNED, "PyTorch, as installed")
TUNING = ("OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "OMP_WAIT_POLICY")
# Layers, width, context, and how many steps of PyTorch make a round.
SHAPES = {"paper": (1, 256, 256, 5), "paper3": (3, 256, 256, 3), "demo": (1, 64, 64, 60)}


def ours(program, shape, switches, batch, threads):
    """One round of the library: tokens per second of the best step, and what it ran on; `program` is
    the words of a command."""
    only = f"train_step<{shape}, dm::softmax, dm::adamw{switches}>/batch:{batch}/threads:{threads}/"
    text = subprocess.run(
        [*program, f"--benchmark_filter=^{only}", "--benchmark_format=json"],
        check=True, capture_output=True, text=True).stdout
    runs = json.loads(text)["benchmarks"] if text else []
    if not runs:
        sys.exit(f"{program[-1]} has no benchmark {only}")
    return runs[0]


def pytorch(python, shape, batch, threads, kernels, repeats):
    """One round of PyTorch; `kernels` are variables of the environment, none leave it as installed."""
    layers, width, context, usual = SHAPES[shape]
    environment = {name: value for name, value in os.environ.items()
                   if name not in TUNING}
    # PyTorch's own setting does not reach OpenBLAS's threads.
    environment["OPENBLAS_NUM_THREADS"] = environment["OMP_NUM_THREADS"] = str(threads)
    environment.update(kernels)
    sizes = {"layers": layers, "width": width, "context": context, "batch": batch,
             "threads": threads, "repeats": repeats or usual}
    done = subprocess.run(
        [*python, HERE / "pytorch_step.py",
         *(word for name, value in sizes.items() for word in (f"--{name}", str(value)))],
        capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"PyTorch's step failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def middle(values):
    """The median, and where that of all rounds that might have been is at 95% confidence: between two
    of the sorted values, as so many of fair coins fall heads. Of few rounds it says nothing."""
    n, kept = len(values), sorted(values)
    out, tail = 0, 0.5 ** n  # of values on either side; the chance that the median is beyond them
    while tail <= 0.025:
        out += 1
        tail += math.comb(n, out) * 0.5 ** n
    between = f" [{kept[out - 1]:.2f}, {kept[n - out]:.2f}]" if out else ""
    return f"{statistics.median(values):.2f}x{between}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/release/benchmarks/train_step",
                        help="the train_step benchmark of this project")
    parser.add_argument("--shape", choices=SHAPES, default="paper")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--float", action="store_true", help="without bf16")
    parser.add_argument("--repeats", type=int, help="steps of PyTorch in a round")
    parser.add_argument("--under", default="", metavar="COMMAND",
                        help="an emulator, with its arguments, that runs both")
    parser.add_argument("--json", help="also write all figures to this file")
    arguments = parser.parse_args()

    shape, batch = arguments.shape, arguments.batch
    under = shlex.split(arguments.under)
    python = [*under, sys.executable]
    models = {name: switches for name, switches in OURS.items()
              if not (arguments.float and "bf16" in switches)}
    figures = {"shape": shape, "batch": batch, "threads": {}}
    rounds = {threads: {name: [] for name in (*models, *PEERS)} for threads in arguments.threads}
    shares, labels = {threads: [] for threads in rounds}, set()
    for _ in range(arguments.rounds):
        for threads, rates in rounds.items():
            for name, switches in models.items():
                run = ours([*under, arguments.program], shape, switches, batch, threads)
                rates[name].append(run["tokens/s"])
                labels.add(run["label"])
                if not switches:
                    shares[threads].append(run["share of peak"])
            kernels = best_kernels(min(labels))
            for name in PEERS:
                found = pytorch(python, shape, batch, threads, kernels if name == TUNED else {},
                                arguments.repeats)
                rates[name].append(found["tokens_per_second_best"])
                figures["torch"] = found["torch"]
    figures["simd"], figures["kernels"] = min(labels), kernels
    print(f"shape {shape}, batch {batch}, SIMD {figures['simd']}, PyTorch {figures['torch']}; tuned: "
          f"{', '.join(f'{k}={v}' for k, v in kernels.items()) or 'as installed'}")
    for threads, rates in rounds.items():
        print(f"{threads} thread(s), share of FMA peak of the plain model "
              f"{max(shares[threads]):.2f} best, {statistics.median(shares[threads]):.2f} median")
        tuned = rates[TUNED]
        for name, values in rates.items():
            ratios = [a / b for a, b in zip(values, tuned)]
            print(f"  {name:26} {max(values):9.0f} tokens/s best {statistics.median(values):9.0f} "
                  f"median   {max(values) / max(tuned):.2f}x tuned PyTorch (best), "
                  f"{middle(ratios)} (median of rounds)")
        figures["threads"][threads] = {"tokens_per_second": rates,
                                       "share_of_peak": shares[threads]}
    best = {name: max(max(rounds[threads][name]) for threads in rounds) for name in (*models, *PEERS)}
    peer = max(best[name] for name in PEERS)
    print("each at its best number of threads: " +
          ", ".join(f"{name} {best[name] / peer:.2f}x" for name in models) + " the best PyTorch",
          flush=True)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
