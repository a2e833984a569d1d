#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long programs that use the library take to compile.

    python3 benchmarks/compile_time.py --json compile_time.json

Processor seconds of the compiler (best of some, at -O2) for the headers alone, for one model with
training and measuring, for each further variant in the same file, and for examples/01_hello.cpp;
also with the headers precompiled. Where clang++-16 is installed, it counts template instantiations.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLAGS = ["-std=c++20", "-O2", "-DNDEBUG", "-march=native", f"-I{ROOT / 'include'}"]
HEADER = "#include <dormant/dormant.hpp>\n"
START = HEADER + """namespace dm = dormant;
constexpr dm::shape s{.layers = 1, .heads = 1, .width = 64, .vocab = 67, .context = 64};
template <class Attention, class Optimizer>
double use() {
  auto task = dm::bigram_backcopy<s>({.seed = 1});
  auto net = dm::transformer<s, Attention>({.seed = 1});
  dm::train(net, task, Optimizer{}, {.steps = 10, .batch = 8});
  dm::attention_sink sink;
  return net.evaluate(task.sample(8), sink).loss + sink.mean();
}
"""
VARIANTS = ["dm::softmax, dm::adamw", "dm::relu, dm::adamw", "dm::softmax, dm::sgd",
            "dm::sigmoid, dm::adamw", "dm::sink_logit, dm::sgd"]


def program(count):
    """A file that trains and measures the first `count` variants."""
    calls = " + ".join(f"use<{variant}>()" for variant in VARIANTS[:count])
    return START + (f"double all() {{ return {calls}; }}\n" if count else "")


def seconds(compiler, arguments, repeats):
    """Processor seconds of the best of `repeats` runs, the compiler's children included."""
    best = float("inf")
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([compiler, *arguments], capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            sys.exit(f"{compiler} {' '.join(arguments)} failed:\n{done.stderr}")
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def instantiations(file, folder):
    """Templates that clang instantiates for a file; None where it is not installed."""
    if not shutil.which("clang++-16"):
        return None
    trace = folder / "trace.json"
    subprocess.run(["clang++-16", *FLAGS, "-c", str(file), "-o", str(folder / "trace.o"),
                    "-ftime-trace", "-ftime-trace-granularity=0"], check=True, capture_output=True)
    events = json.loads(trace.read_text())["traceEvents"]
    return sum(e["name"] in ("InstantiateFunction", "InstantiateClass") for e in events)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", help="also write all figures to this file")
    arguments = parser.parse_args()
    version = subprocess.run([arguments.compiler, "--version"], check=True, capture_output=True,
                             text=True).stdout.splitlines()[0]
    print(version)

    figures = {"compiler": version, "seconds": {}, "instantiations": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        files = {"headers": folder / "headers.cpp"}
        files["headers"].write_text(program(0))
        for count in range(1, len(VARIANTS) + 1):
            files[f"{count} variant{'s' if count > 1 else ''}"] = folder / f"{count}.cpp"
            (folder / f"{count}.cpp").write_text(program(count))
        files["01_hello"] = ROOT / "examples" / "01_hello.cpp"
        for what, file in files.items():
            spent = seconds(arguments.compiler,
                            [*FLAGS, "-c", str(file), "-o", str(folder / "a.o")],
                            arguments.repeats)
            count = instantiations(file, folder)
            figures["seconds"][what] = spent
            figures["instantiations"][what] = count
            print(f"  {what:12} {spent:5.2f} s" +
                  (f"  {count:6} instantiations" if count is not None else ""), flush=True)

        # As CMake's target_precompile_headers does it: an included file with a compiled twin.
        twin = folder / "pch.hpp"
        twin.write_text(HEADER)
        build = seconds(arguments.compiler, [*FLAGS, "-x", "c++-header", str(twin), "-o",
                                             str(twin) + ".gch"], arguments.repeats)
        use = seconds(arguments.compiler,
                      [*FLAGS, "-include", str(twin), "-c", str(files["01_hello"]), "-o",
                       str(folder / "a.o")], arguments.repeats)
        figures["seconds"]["precompiling the headers"] = build
        figures["seconds"]["01_hello, headers precompiled"] = use

    spent = figures["seconds"]
    model = spent["1 variant"] - spent["headers"]
    variant = (spent[f"{len(VARIANTS)} variants"] - spent["1 variant"]) / (len(VARIANTS) - 1)
    figures["one model"] = model
    figures["each further variant"] = variant
    print(f"one model, trained and measured: {model:.2f} s beyond the headers; each further variant "
          f"{variant:.2f} s\n01_hello with the headers precompiled: {use:.2f} s, once {build:.2f} s "
          "for precompiling them")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
