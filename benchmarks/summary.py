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
import subprocess
import sys

COLOURS = {"dormant": "#0072b2", "OpenBLAS": "#d55e00", "oneDNN": "#009e73", "Eigen": "#cc79a7",
           "PyTorch": "#e69f00"}


def read(folder, name):
    file = folder / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def products(gemm):
    """Panel: share of the FMA peak that each library reaches, a group of bars a shape."""
    names = list(next(iter(gemm["shapes"].values()))["GFLOP/s"])
    rows = []
    for shape, row in gemm["shapes"].items():
        shares = (100 * row["GFLOP/s"][n]["best"] / row["peak"] for n in names)
        kind, sizes = re.match(r"(A\w* B\w*) (\S+)", shape).groups()
        label = kind.replace("At", "A^T").replace("Bt", "B^T") + "\\n" + sizes.replace("x", "\\nx ")
        rows.append(f'"{label}" ' + " ".join(f"{share:.1f}" for share in shares))
    bars = ", ".join(
        f"$products using {i + 2}:xtic(1) with histograms title {literal(n)} lc rgb '{COLOURS[n]}'"
        for i, n in enumerate(names))
    return "\n".join(["$products << EOD", *rows, "EOD", "set style data histograms",
                      "set style histogram clustered gap 1.5", "set style fill solid 0.9 noborder",
                      "set title 'Matrix products on one core'",
                      "set ylabel 'share of the FMA peak, %'", "set yrange [0:125]",
                      "set ytics 0,20,100", "set bmargin 5", "set key top center horizontal",
                      "set xtics font ',8'", f"plot {bars}"])


def steps(title, compared):
    """Panel: tokens per second of a training step on two cores and on one, a bar a program."""
    short = {"PyTorch, as installed": "PyTorch,\\nas installed",
             "PyTorch, SkylakeX": "PyTorch,\\ntuned", "dormant": "dormant",
             "dormant, exact algebra": "dormant,\\nexact algebra",
             "dormant, bf16": "dormant,\\nbf16", "dormant, bf16 and algebra": "dormant,\\nboth"}
    rows = []
    for name, label in short.items():
        rates = [max(compared["threads"][t]["tokens_per_second"][name]) / 1000 for t in ("1", "2")]
        colour = int(COLOURS["PyTorch" if "PyTorch" in name else "dormant"][1:], 16)
        rows.append(f'{len(rows)} "{label}" {rates[0]:.2f} {rates[1]:.2f} {colour}')
    return "\n".join([
        "$steps << EOD", *rows, "EOD", f"set title {literal(title)}",
        "set ylabel 'thousand tokens a second'", "set yrange [0:*]", "set ytics auto",
        "set key top left", "set xrange [-0.6:5.6]", "set xtics font ',9'",
        "plot $steps using ($1 - 0.2):3:(0.38):5:xtic(2) "
        "with boxes fs solid 0.35 lc rgb variable notitle, "
        "$steps using ($1 + 0.2):4:(0.38):5 with boxes fs solid 0.9 lc rgb variable notitle, "
        "$steps using ($1 - 0.2):3:(sprintf('%.0f', $3)) "
        "with labels offset 0,0.6 font ',9' notitle, "
        "$steps using ($1 + 0.2):4:(sprintf('%.0f', $4)) "
        "with labels offset 0,0.6 font ',9' notitle, "
        "NaN with boxes fs solid 0.35 lc rgb '#0072b2' title 'one core', "
        "NaN with boxes fs solid 0.9 lc rgb '#0072b2' title 'two cores'"])


def scaling(sweep):
    """Panel: share of peak against tokens in a batch, a line a model of one layer."""
    lines, data = [], []
    widths = {64: "#e69f00", 128: "#009e73", 256: "#0072b2"}
    for width, colour in widths.items():
        for context, point in ((64, 4), (256, 7)):
            points = sorted((r["batch"] * context, 100 * r["share"]) for r in sweep
                            if (r["layers"], r["width"], r["context"], r["threads"])
                            == (1, width, context, 2))
            if not points:
                continue
            block = f"$w{width}c{context}"
            data += [f"{block} << EOD", *(f"{x} {y:.1f}" for x, y in points), "EOD"]
            lines.append(f"{block} using 1:2 with linespoints lc rgb '{colour}' pt {point} ps 0.8 "
                         f"title 'width {width}, context {context}'")
    return "\n".join([*data, "set title 'Training step, one layer, two cores'",
                      "set xlabel 'tokens in a batch'", "set logscale x", "set format x '10^{%L}'",
                      "set xtics auto", "set xrange [*:*]", "set ylabel 'share of the FMA peak, %'",
                      "set yrange [0:100]", "set ytics 0,20,100",
                      "set key bottom right vertical noopaque font ',8'",
                      "plot " + ", ".join(lines)])


def draw(folder, panels):
    height = 380 * len(panels)
    for terminal, ending in (("svg enhanced background '#ffffff'", "svg"),
                             ("png truecolor enhanced", "png")):
        script = [f"set terminal {terminal} size 900,{height} font 'DejaVu Sans,11'",
                  f"set output {literal(str(folder / ('speed.' + ending)))}",
                  f"set multiplot layout {len(panels)},1", "set grid ytics lc rgb '#dddddd'",
                  "set border 3", "set tics nomirror out", "set encoding utf8"]
        for panel in panels:
            script += [panel, "set bmargin", "unset logscale", "unset xlabel", "set format x '%g'"]
        subprocess.run(["gnuplot"], input="\n".join(script + ["unset multiplot"]) + "\n", text=True,
                       check=True)


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
        print(f"drawn: {folder / 'speed.svg'} and .png")


if __name__ == "__main__":
    main()
