# SPDX-License-Identifier: MIT
"""Draws gnuplot scripts as pictures for a page: what the figures of the benchmarks share."""
import re
import subprocess


def literal(text):
    """A string of gnuplot's."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def draw(script, width, height, file, title):
    """Runs the lines of a script that draws several plots, and writes `file` without its ending as .svg,
    which names itself `title`, and as .png; both `width` x `height` pixels."""
    for terminal, ending in (("svg enhanced background '#ffffff' font 'sans-serif,14'", ".svg"),
                             # Its letters are in points, a third larger than pixels.
                             ("pngcairo enhanced font 'DejaVu Sans,14' fontscale 0.75", ".png")):
        begin = [f"set terminal {terminal} size {width},{height}",
                 f"set output {literal(str(file.with_suffix(ending)))}", "set multiplot"]
        subprocess.run(["gnuplot"], input="\n".join(begin + script + ["unset multiplot"]) + "\n",
                       text=True, check=True)
    picture = file.with_suffix(".svg")
    # What has no place in a legend gets a title that gnuplot makes up.
    text = re.sub(r"<title>[^<]*(_plot_|\$)[^<]*</title>", "", picture.read_text())
    text = re.sub(r"<g [^>]*>\s*</g>\s*", "", text)  # styles without a drawing, a quarter of the file
    picture.write_text(text.replace("<title>Gnuplot</title>", f"<title>{title}</title>"))
    print(f"drawn: {picture} and .png")
