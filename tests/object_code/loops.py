# SPDX-License-Identifier: MIT
# Compiles kernels for AVX2 and for AVX-512, at -O2 and at -O3, and reads the loops in which they compute:
# none writes a vector to the stack or calls a lambda, for then its sums are in memory, and the kernel takes up
# to three times as long. (Constants that are read from the stack cost little.) Nothing is run.
# Usage: python3 loops.py COMPILER OBJDUMP SOURCE SCRATCH INCLUDE_FOLDER...

import pathlib
import re
import subprocess
import sys

# Kernels that are read; one without such a loop does not use vectors.
KERNELS = ["full_tile", "few_columns", "layer_norm", "layer_norm_gradient", "rms_norm", "rms_norm_gradient", "dot",
           "dot_sum", "sum_of", "all_finite", "exp_minus", "adamw"]
ALONE = ["full_tile"]  # call nothing at all: every register is in use
JUMP = re.compile(r"j[a-z]+\s+([0-9a-f]+) ")
CALL = re.compile(r"call\s+.*(lambda|operator\(\))")


def functions(objdump, file):
    """Name and instructions, as (address, text), of every function; where a call leads is in its text."""
    text = subprocess.run([objdump, "-drC", "--no-show-raw-insn", file], check=True, capture_output=True,
                          text=True).stdout
    name, code = "", []
    for line in text.splitlines():
        if head := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            yield name, code
            name, code = head[1], []
        elif instruction := re.match(r"\s*([0-9a-f]+):\t(?!.*R_X86_64)(.*)$", line):
            code.append((int(instruction[1], 16), instruction[2].strip()))
        elif code and "R_X86_64" in line and code[-1][1].startswith("call"):
            code[-1] = (code[-1][0], code[-1][1] + line.split("R_X86_64", 1)[1])
    yield name, code


def reached(start, steps, end=None):
    """Every place to which steps lead from `start`; not past `end`."""
    found, open_ends = {start}, [start]
    while open_ends:
        here = open_ends.pop()
        if here != end:
            open_ends += (new := set(steps.get(here, ())) - found)
            found |= new
    return found


def innermost_loops(code):
    """The instructions of every loop that has no other within: a jump backwards to where the way leads to it again,
    and all on that way. (Others join what comes after a branch.)"""
    after, before, ends = {}, {}, []
    for (address, text), (following, _) in zip(code, code[1:] + [(None, "")]):
        jump = JUMP.match(text)
        to = [int(jump[1], 16)] if jump else []
        if not text.startswith(("jmp", "ret")) and following is not None:
            to.append(following)
        after[address] = to
        for place in to:
            before.setdefault(place, []).append(address)
        if jump and int(jump[1], 16) <= address:
            ends.append((int(jump[1], 16), address))
    bodies = {(first, last): reached(last, before, first) for first, last in ends if last in reached(first, after)}
    for end, body in bodies.items():
        if not any(other != end and set(other) <= body for other in bodies):
            yield [text for address, text in code if address in body]


def read(objdump, file, vector, what):
    """Whether the loops of an object file are what they should be; says what is not."""
    computes = re.compile(rf"v(fn?m(add|sub)\w*|add|mul|sub)p[sd] .*%{vector}")
    spills = re.compile(rf"^vmov\w+ +%{vector}\w+,(-?(0x[0-9a-f]+)?\(%rsp|-0x[0-9a-f]+\(%rbp\)$)")
    good, found = True, set()
    for name, code in functions(objdump, file):
        kernel = next((kernel for kernel in KERNELS if re.search(rf"\b{kernel}<", name)), None)
        if kernel in ALONE and any(text.startswith("call") for address, text in code):
            good = False
            print(f"{what}: {name} calls a function")
        for loop in innermost_loops(code) if kernel else []:
            wrong = [text for text in loop if CALL.search(text)]
            if any(computes.search(text) for text in loop):
                found.add(kernel)
                wrong += [text for text in loop if spills.search(text)]
            if wrong:
                good = False
                print(f"{what}: {name} keeps in memory what belongs into registers:\n  " + "\n  ".join(wrong[:4]))
    missing = [kernel for kernel in KERNELS if kernel not in found]
    if missing:
        print(f"{what}: no loop that computes with {vector} was found in: {', '.join(missing)}")
    return good and not missing


def main(compiler, objdump, source, scratch, *includes):
    folder = pathlib.Path(scratch)
    folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for march, vector in [("x86-64-v3", "ymm"), ("x86-64-v4 -mavx512bf16", "zmm")]:
        for level in ["-O2", "-O3"]:
            file = str(folder / f"{vector}{level}.o")
            subprocess.run([compiler, "-std=c++20", level, "-DNDEBUG", *f"-march={march}".split(), "-c", source, "-o",
                            file, *(f"-I{include}" for include in includes)], check=True)
            good = read(objdump, file, vector, f"{march} {level}")
            print(f"{march} {level}: {'as it should be' if good else 'WRONG'}")
            failed = failed or not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
