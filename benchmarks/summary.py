#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the figure of a benchmark run and says in a few lines what was measured.

    python3 benchmarks/summary.py out/benchmarks

Reads the JSON files that benchmarks/run has written there and writes speed.svg, speed.png and
scaling.csv beside them. What was not run is left out. Needs gnuplot.
"""
import csv
import json
import pathlib
import re
import sys

import pictures
from pictures import literal

# Colour and symbol of each library, for those who see no colours too.
LOOKS = {"dormant": ("#0072b2", 7), "OpenBLAS": ("#d55e00", 5), "oneDNN": ("#009e73", 9),
         "Eigen": ("#cc79a7", 13), "PyTorch": ("#d55e00", 5)}
WIDTH = 560  # pixels: what a telephone shows with letters that can be read


def read(folder, name):
    file = folder / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def rows_of(labels, height):
    """A category a row, from top to bottom; `height` of one in pixels."""
    tics = ", ".join(f"{literal(label)} {i}" for i, label in enumerate(labels))
    return height * len(labels), [f"set yrange [{len(labels) - 0.5}:-0.5]",
                                  f"set ytics ({tics}) scale 0", "set grid xtics ytics"]


def products(gemm):
    """Panel: share of the FMA peak that each library reaches."""
    names = list(next(iter(gemm["shapes"].values()))["GFLOP/s"])
    labels, blocks = [], {n: [] for n in names}
    for i, (shape, row) in enumerate(gemm["shapes"].items()):
        kind, sizes = re.match(r"(A\w* B\w*) (\S+)", shape).groups()
        labels.append(kind.replace("At", "A^T").replace("Bt", "B^T") + " " + sizes)
        for k, n in enumerate(names):
            share = 100 * row["GFLOP/s"][n]["best"] / row["peak"]
            blocks[n].append(f"{share:.1f} {i + 0.18 * (k - (len(names) - 1) / 2):.3f}")
    height, axis = rows_of(labels, 40)
    data = [line for n in names for line in (f"${n} << EOD", *blocks[n], "EOD")]
    points = ", ".join(f"${n} using 1:2 with points pt {LOOKS[n][1]} ps 1.1 lc rgb '{LOOKS[n][0]}' "
                       f"title {literal(n)}" for n in names)
    return {"title": "Matrix products on one core", "left": 190, "height": height, "legend": 1,
            "script": data + axis + ["set xlabel 'share of the FMA peak, %'", "set xrange [*:*]",
                                     "set offsets graph 0.04,graph 0.04,0,0",
                                     f"plot {points}"]}


def steps(title, compared):
    """Panel: tokens per second of a training step on two cores and on one."""
    short = {"PyTorch, as installed": "PyTorch, as installed",
             "PyTorch, tuned": "PyTorch, tuned", "dormant": "dormant",
             "dormant, exact algebra": "... exact algebra", "dormant, bf16": "... bf16",
             "dormant, bf16 and algebra": "... both"}
    rows = []
    for name in short:
        rates = [max(compared["threads"][t]["tokens_per_second"][name]) / 1000 for t in ("1", "2")]
        colour = int(LOOKS["PyTorch" if "PyTorch" in name else "dormant"][0][1:], 16)
        rows.append(f"{len(rows)} {rates[0]:.2f} {rates[1]:.2f} {colour}")
    height, axis = rows_of(short.values(), 40)
    def bar(column, shift, solid, cores):
        place = f"0:($1 + {shift}):(0):{column}:($1 + {shift - 0.18}):($1 + {shift + 0.18}):4"
        return (f"$steps using {place} with boxxyerror fs {solid} noborder fc rgb variable "
                f"title {literal(cores)}, $steps using {column}:($1 + {shift}):"
                f"(sprintf('%.0f', ${column})) with labels left offset 0.4,0 font ',12' "
                f"title {literal(cores)}")
    return {"title": title, "left": 190, "height": height, "legend": 0,
            "script": ["$steps << EOD", *rows, "EOD", *axis,
                       "set xlabel 'thousand tokens a second; pale: one core, full: two'",
                       "set xrange [0:*]", "set autoscale xfixmax", "set offsets 0,graph 0.12,0,0",
                       "plot " + bar(2, -0.2, "solid 0.3", "one core") + ", " +
                       bar(3, 0.2, "solid 0.9", "two cores")]}


def scaling(sweep):
    """Panel: share of peak against tokens in a batch, a line a model of one layer."""
    lines, data = [], []
    looks = {64: ("#e69f00", 4), 128: ("#009e73", 8), 256: ("#0072b2", 6)}  # hollow; + 1 is filled
    for width, (colour, hollow) in looks.items():
        for context, filled in ((64, 0), (256, 1)):
            points = sorted((r["batch"] * context, 100 * r["share"]) for r in sweep
                            if (r["layers"], r["width"], r["context"], r["threads"])
                            == (1, width, context, 2))
            if not points:
                continue
            block = f"$w{width}c{context}"
            data += [f"{block} << EOD", *(f"{x} {y:.1f}" for x, y in points), "EOD"]
            lines.append(f"{block} using 1:2 with linespoints lw 2 lc rgb '{colour}' "
                         f"dt {'1' if filled else '(4,2.5)'} pt {hollow + filled} ps 1.1 "
                         f"title 'width {width}, context {context}'")
    return {"title": "Training step, one layer, two cores", "left": 74, "height": 260, "legend": 3,
            "script": [*data, "set xlabel 'tokens in a batch'", "set logscale x",
                       "set format x '10^{%L}'", "set ylabel 'share of the FMA peak, %'",
                       "set yrange [*:100]", "set offsets 0,0,0,graph 0.05", "set grid",
                       "plot " + ", ".join(lines)]}


def draw(folder, panels):
    """Panels one below the other: title, legend, plot, axis, each at its place in pixels."""
    above, row, below = 40, 24, 64
    total = sum(above + row * p["legend"] + p["height"] + below for p in panels)
    script, top = [], 0
    for p in panels:
        begin = top + above + row * p["legend"]
        def screen(y):
            return f"screen {1 - y / total:.5f}"
        script += ["reset", "set encoding utf8", "set border lc rgb '#444444'", "set tics nomirror",
                   f"set label {literal(p['title'])} at screen 0.025,{screen(top + 20)} "
                   "left font ',15'",
                   f"set lmargin at screen {p['left'] / WIDTH}", "set rmargin at screen 0.96",
                   f"set tmargin at {screen(begin)}",
                   f"set bmargin at {screen(begin + p['height'])}",
                   f"set key at screen {74 / WIDTH},{screen(begin - 6)} left bottom "
                   f"Left reverse samplen 2 width {-5 if p['legend'] == 3 else -1} vertical "
                   f"maxrows {p['legend']}"
                   if p["legend"] else "unset key",
                   *p["script"]]
        top = begin + p["height"] + below
    pictures.draw(script, WIDTH, total, folder / "speed", "Speed")


def sweep_rows(sweep):
    rows = []
    for run in sweep["benchmarks"]:
        sizes = {k: int(v) for k, v in re.findall(r"(\w+):(\d+)", run["name"])}
        rows.append({**{k: sizes[k] for k in ("layers", "width", "context", "batch", "threads")},
                     "tokens_per_second": run["tokens/s"],
                     "tokens_per_second_median": run["tokens/s median"],
                     "share": run["share of peak"], "peak_mb": run["peak MB"]})
    return rows


def linearity(rows):
    """How much the time a token costs differs over batches from 64 up, and over depths."""
    def spread(group, same):
        worst = 0
        for key in {tuple(r[k] for k in group) for r in rows}:
            costs = [same(r) for r in rows
                     if tuple(r[k] for k in group) == key and r["batch"] >= 64]
            worst = max(worst, max(costs) / min(costs) - 1)
        return 100 * worst
    batches = spread(("layers", "width", "context", "threads"),
                     lambda r: 1 / r["tokens_per_second"])
    # A token costs 12 C^2 + T C a layer and C V once.
    depths = spread(("width", "context", "threads"),
                    lambda r: 1 / r["tokens_per_second"] /
                    (r["layers"] * (12 * r["width"] ** 2 + r["context"] * r["width"])
                     + 67 * r["width"]))
    return batches, depths


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    panels = []
    if gemm := read(folder, "gemm"):
        panels.append(products(gemm))
        ratios = [row["to OpenBLAS"]["best"] for row in gemm["shapes"].values()]
        print(f"matrix products: {min(ratios):.2f}x to {max(ratios):.2f}x OpenBLAS on one core")
    for name, title in (("paper_64", "width 256, context 256, one layer, batch 64"),
                        ("demo_8", "width 64, context 64, one layer, batch 8")):
        if compared := read(folder, "pytorch_" + name):
            panels.append(steps(f"Training step: {title}", compared))
    if small := read(folder, "small_models"):
        for run in small["benchmarks"]:
            print(f"{run['name'].split('/min_time')[0]}: {run['us a step']:.0f} us a step, "
                  f"{100 * run['share of peak']:.0f}% of peak, "
                  f"20 runs in {run['s for 20 runs']:.0f} s")
    if sweep := read(folder, "sweep"):
        rows = sweep_rows(sweep)
        panels.append(scaling(rows))
        with open(folder / "scaling.csv", "w", newline="") as file:
            table = csv.DictWriter(file, rows[0].keys())
            table.writeheader()
            table.writerows({k: round(v, 4) for k, v in row.items()} for row in rows)
        batches, depths = linearity(rows)
        print(f"what a token costs: differs by {batches:.0f}% at most between batches of 64 and "
              f"512, by {depths:.0f}% at most between depths, the operations counted")
    if panels:
        draw(folder, panels)


if __name__ == "__main__":
    main()
