#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same training step compiled by g++ and by clang, in turn.

    python3 benchmarks/compilers.py build/release/benchmarks/train_step build/clang/benchmarks/train_step

Prints tokens per second (best and median over rounds) of either program and their ratio.
"""
import argparse
import json
import statistics
import subprocess
import sys

STEPS = r"^train_step<(paper|demo), dm::softmax, dm::adamw(, dm::bf16)?>/batch:(64/threads:[12]/min_time:2|8/)"


def rates(program):
    """One round: tokens per second of the best step of each benchmark."""
    done = subprocess.run([program, f"--benchmark_filter={STEPS}", "--benchmark_format=json"],
                          capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout:
        sys.exit(f"{program} did not run: {done.stderr.strip() or 'it has none of the steps'}")
    return {run["name"].split("/min_time")[0]: run["tokens/s"]
            for run in json.loads(done.stdout)["benchmarks"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("programs", nargs=2, metavar="PROGRAM",
                        help="train_step as compiled by g++, then by clang")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", help="also write all figures to this file")
    arguments = parser.parse_args()

    rounds = [[rates(program) for program in arguments.programs] for _ in range(arguments.rounds)]
    figures = {}
    print(f"{'tokens/s, best (median)':<66} {'g++':>18} {'clang':>18}  g++/clang")
    for name in rounds[0][0]:
        both = [[each[i][name] for each in rounds] for i in (0, 1)]
        ratio = statistics.median(g / c for g, c in zip(*both))
        figures[name] = {"g++": both[0], "clang": both[1], "median ratio": ratio}
        cells = "".join(f" {max(b):9.0f} ({statistics.median(b):6.0f})" for b in both)
        print(f"{name:<66}{cells}  {ratio:.3f}")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)


if __name__ == "__main__":
    main()
