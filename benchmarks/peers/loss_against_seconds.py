#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Training loss against seconds: this library, PyTorch and plain C, in turn, on one core and on two.

    python3 benchmarks/peers/loss_against_seconds.py --programs build/release/benchmarks --out out

All three begin with the same parameters and see the same batches, so their losses have to agree step
by step; if they do not, nothing is drawn. Start-up is not counted, nor, for PyTorch and plain C, that
the batches are drawn and read; for the library drawing them is part of the step. A run that exceeds the
time limit ends earlier than the others.

Prints a line for every run and writes loss_against_seconds.json, .svg and .png. Needs python3-torch,
with OpenBLAS for a fair comparison, and gnuplot.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from best_kernels import best_kernels
import loss_chart

HERE = pathlib.Path(__file__).resolve().parent
STEPS = {64: 400, 128: 250, 256: 180}  # by width; enough to learn bigrams, then copying
QUICK = {64: 200, 128: 50, 256: 20}
# Losses of the first steps differ by rounding alone, by less than 1e-6 nats as measured; a learning
# rate 0.5% off makes a difference of 4e-3, beta2 = 0.999 one of 9e-4, eps = 1e-6 one of 4e-4. Later
# rounding errors grow as in any training, to 6e-3 in single steps of 600 and 1e-4 in the mean of the
# last 60.
FIRST, TIGHT = 20, 1e-4  # steps, nats
LOOSE = 0.02             # nats, between means over the last tenth of the common steps


def output_of(command, environment=None):
    """What a command writes to stdout; a sentence if it fails."""
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"]
        sys.exit(f"{' '.join(command[:2])} failed: {lines[-1]}")
    return done.stdout


def run_of(command, environment=None):
    text = output_of(command, environment)
    try:
        return json.loads(text)
    except ValueError:
        sys.exit(f"{command[0]} wrote no JSON, maybe because a loss is not finite: {text[:200]}")


def environment_for(threads, simd):
    """PyTorch's own setting of threads does not reach OpenBLAS's."""
    count = str(threads)
    return {**os.environ, "OPENBLAS_NUM_THREADS": count, "OMP_NUM_THREADS": count,
            **best_kernels(simd)}


def floor_of(folder):
    """The entropy of the next token, which no model's expected loss can be below."""
    lines = (folder / "sizes.txt").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("floor ")))


def runs_of(programs, folder, width, steps, threads, limit):
    """Seconds and losses of the three trainers, by name."""
    ours = [programs / "loss_curve", "--width", width, "--steps", steps]
    if not (folder / "sizes.txt").exists():
        output_of([*ours, "--export", folder])
    limits = ["--threads", threads, "--seconds", limit]
    runs = {"dormant": run_of([*ours, *limits])}
    environment = environment_for(threads, runs["dormant"]["simd"])
    peers = {"PyTorch": [sys.executable, HERE / "pytorch_loss.py", folder, *limits],
             "plain C": [programs / "plain_trainer", folder, threads, limit]}
    for name, command in peers.items():
        runs[name] = run_of(command, environment)
    return runs


def check_agreement(where, runs):
    """Ends the program if the trainers did not do the same training."""
    common = min(len(run["loss"]) for run in runs.values())
    ours, last = runs["dormant"]["loss"], max(1, common // 10)
    for name, run in runs.items():
        for step, (found, expected) in enumerate(zip(run["loss"][:FIRST], ours)):
            if not abs(found - expected) <= TIGHT:
                sys.exit(f"{where}: in step {step} {name} has a loss of {found:.6f}, dormant of "
                         f"{expected:.6f}; they may differ by {TIGHT} in the first {FIRST} steps, so "
                         "the trainers do not train the same model and nothing is drawn")
        gap = sum(run["loss"][common - last:common]) - sum(ours[common - last:common])
        if not abs(gap) / last <= LOOSE:
            sys.exit(f"{where}: over steps {common - last} to {common - 1} the mean losses of {name} "
                     f"and dormant differ by {abs(gap) / last:.4f}, more than {LOOSE}, so the trainers "
                     "do not train the same model and nothing is drawn")


def compare(runs, steps):
    """Adds to each run its rate, its seconds to the loss that all reached, and the ratio to PyTorch;
    returns that loss. Since losses agree step by step, it is reached in the same step by all."""
    shortest = min((run["loss"] for run in runs.values()), key=len)
    losses = loss_chart.smooth(shortest, steps)
    step = losses.index(min(losses))
    for run in runs.values():
        run["steps_per_second"] = len(run["seconds"]) / run["seconds"][-1]
        run["seconds_to_target"] = run["seconds"][step]
        run["to_pytorch"] = runs["PyTorch"]["seconds"][step] / run["seconds"][step]
    return losses[step]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path,
                        default=pathlib.Path("build/release/benchmarks"),
                        help="folder of loss_curve and plain_trainer")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."),
                        help="folder to write to")
    parser.add_argument("--seconds", type=float, help="time limit of a run, default 45, quick 3")
    parser.add_argument("--quick", action="store_true",
                        help="few steps: only the beginning of the curves")
    arguments = parser.parse_args()
    limit = arguments.seconds or (3 if arguments.quick else 45)
    for name in ("loss_curve", "plain_trainer"):
        if not (arguments.programs / name).exists():
            parser.error(f"there is no program {arguments.programs / name}; benchmarks/run builds it")
    arguments.out.mkdir(parents=True, exist_ok=True)

    panels = []
    with tempfile.TemporaryDirectory() as temporary:
        for width, steps in (QUICK if arguments.quick else STEPS).items():
            folder = pathlib.Path(temporary) / str(width)
            for threads in (1, 2):
                runs = runs_of(arguments.programs, folder, width, steps, threads, limit)
                where = f"width {width}, {loss_chart.cores(threads)}"
                check_agreement(where, runs)
                if runs["plain C"]["threads"] != threads:
                    print(f"{where}: plain C has one thread, because it was built without OpenMP")
                target = compare(runs, steps)
                for name, run in runs.items():
                    print(f"{where}: {name} {run['steps_per_second']:.1f} steps/s, "
                          f"{run['seconds_to_target']:.2f} s to a loss of {target:.2f}, "
                          f"{run['to_pytorch']:.2f}x PyTorch", flush=True)
                panels.append({"width": width, "threads": threads, "steps": steps, "target": target,
                               "floor": floor_of(folder), "runs": runs})
    file = arguments.out / "loss_against_seconds.json"
    simd = panels[0]["runs"]["dormant"]["simd"]
    file.write_text(json.dumps({"time_limit": limit, "kernels": best_kernels(simd),
                                "panels": panels}) + "\n")
    loss_chart.draw(file)


if __name__ == "__main__":
    main()
