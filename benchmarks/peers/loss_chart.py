#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the figure of loss_against_seconds.py, again if need be.

    python3 benchmarks/peers/loss_chart.py out/benchmarks/loss_against_seconds.json

A row a width, one core on the left and two on the right, seconds alike in a row. Writes an .svg and a
.png beside the JSON file. Needs gnuplot.
"""
import json
import math
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import pictures  # noqa: E402
from pictures import literal  # noqa: E402

# Colour, dashes and thickness of each trainer, for those who see no colours too.
LOOKS = {"dormant": ("#0072b2", "1", 2.5), "PyTorch": ("#d55e00", "(9,4)", 2.5),
         "plain C": ("#009e73", "(3,2)", 3)}
FLOOR = ("#777777", "1", 1)
WIDTH = 640  # pixels: what a telephone shows with letters that can be read
TOP, ABOVE, HEIGHT, BELOW = 40, 28, 170, 58  # of the legend; a panel's title, itself and its axis
LEFTS, WIDE = (68, 370), 256                 # where panels begin, and how wide they are


def smooth(losses, steps):
    """Means over the last fiftieth of all steps, or over what there is of it: batches are noisy."""
    window = max(1, steps // 50)
    sums = [0.0]
    for loss in losses:
        sums.append(sums[-1] + loss)
    return [(sums[i] - sums[max(0, i - window)]) / min(i, window) for i in range(1, len(sums))]


def tic(seconds):
    """1, 2 or 5 times a power of ten: at most six tics beside zero."""
    power = 10 ** math.floor(math.log10(seconds / 6))
    return power * next(n for n in (1, 2, 5, 10) if seconds / (n * power) <= 6)


def cores(threads):
    return {1: "one core", 2: "two cores"}.get(threads, f"{threads} cores")


def screen(x, y, total):
    """A place in pixels from the upper left corner, as gnuplot takes it."""
    return f"screen {x / WIDTH:.5f}, screen {1 - y / total:.5f}"


def legend(total):
    """One for all panels, by hand: gnuplot has one a panel."""
    script, x = [], LEFTS[0]
    for name, (colour, dashes, thick) in {**LOOKS, "least possible": FLOOR}.items():
        script += [f"set arrow from {screen(x, TOP / 2, total)} to {screen(x + 34, TOP / 2, total)} "
                   f"nohead lw {thick} lc rgb '{colour}' dt {dashes}",
                   f"set label {literal(name)} at {screen(x + 40, TOP / 2, total)} left"]
        x += 66 + 8.5 * len(name)
    return script


def panel(number, p, seconds, total):
    """The script of one panel; those of a row share `seconds`, the end of their axis."""
    row, column = divmod(number, 2)
    left, top = LEFTS[column], TOP + ABOVE + row * (ABOVE + HEIGHT + BELOW)
    said = []
    data, lines = [], [f"{p['floor']} with lines lw {FLOOR[2]} lc rgb '{FLOOR[0]}' notitle"]
    for name, run in p["runs"].items():
        colour, dashes, thick = LOOKS[name]
        block = f"${name.replace(' ', '_')}{number}"
        # Sixty points of a curve are more than the eye sees here.
        curve = list(zip(run["seconds"], smooth(run["loss"], p["steps"])))[::max(1, p["steps"] // 60)]
        data += [f"{block} << EOD", *(f"{x:.4f} {y:.4f}" for x, y in curve), "EOD"]
        lines.append(f"{block} using 1:2 with lines lw {thick} lc rgb '{colour}' dt {dashes} notitle")
        slower = run["seconds_to_target"] / p["runs"]["dormant"]["seconds_to_target"]
        if name != "dormant":
            said.append(f"{name}: {slower:.1f} × our time")
    return [*data, "unset label", "unset arrow", *(legend(total) if number == 0 else []),
            f"set lmargin at screen {left / WIDTH:.5f}",
            f"set rmargin at screen {(left + WIDE) / WIDTH:.5f}",
            f"set tmargin at screen {1 - top / total:.5f}",
            f"set bmargin at screen {1 - (top + HEIGHT) / total:.5f}",
            f"set label {literal('width ' + str(p['width']) + ', ' + cores(p['threads']))} "
            f"at {screen(left, top - 12, total)} left font ',15'",
            *(f"set label {literal(line)} at {screen(left + WIDE - 6, top + 14 + 18 * i, total)} "
              "right font ',13'" for i, line in enumerate(said)),
            f"set xrange [0:{seconds:.5g}]", f"set xtics {tic(seconds):.5g}",
            f"set ylabel {literal('' if column else 'loss, nats a token')} offset 0.9,0",
            "plot " + ", ".join(lines)]


def draw(file):
    panels = json.loads(file.read_text())["panels"]
    total = TOP + (len(panels) + 1) // 2 * (ABOVE + HEIGHT + BELOW)
    script = ["set encoding utf8", "set border 3 lc rgb '#444444'", "set tics nomirror", "set grid",
              "set yrange [1.5:3.5]", "set ytics 0.5", "set format y '%.1f'",
              "set xlabel 'seconds' offset 0,0.3"]
    for number, p in enumerate(panels):
        beside = [q for q in panels if q["width"] == p["width"]]
        seconds = max(run["seconds"][-1] for q in beside for run in q["runs"].values())
        script += panel(number, p, seconds, total)
    pictures.draw(script, WIDTH, total, file, "Loss against seconds")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    draw(pathlib.Path(sys.argv[1]))
