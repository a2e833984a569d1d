# SPDX-License-Identifier: MIT
# A rule, part or optimizer is its own header, its test, its pair of PyTorch files, its line in a table
# of docs/ and its line in an umbrella header: no other header includes or names it. So it can be added,
# or taken away, without a change elsewhere.
# Usage: python3 stand_alone.py SOURCE_FOLDER

import functools
import pathlib
import re
import sys

HOME = "include/dormant/"
# Folders of headers, umbrella, table, the folder in which the table's headers are, tests, pairs.
ROOMS = [
    ("rule", "rule/rules.hpp", "docs/rules.md", "", "tests/rule/", "tests/reference/parts/"),
    ("part(/(norm|mlp|position|projection|attention|wiring))?", "part/parts.hpp", "docs/parts.md", "part/",
     "tests/part/", "tests/reference/parts/"),
    ("optimizer", "optimizer/optimizers.hpp", "docs/optimizers.md", "optimizer/", "tests/optimizer/",
     "tests/reference/optimizers/"),
]
UMBRELLAS = {"dormant.hpp"} | {room[1] for room in ROOMS}

# In the tables, but others are built on them: the claim is not made of these.
SPELLED = "the short words of a model spell it"
STORED = "models that are stored have it, so their families name it"
NUMBERS = "its numbers are among the sizes of a model"
KERNEL = "a kernel of the same name has other callers"
BASES = {
    "optimizer/adamw.hpp": "muon leaves to it what is no hidden matrix",
    "optimizer/sgd.hpp": KERNEL,
    "optimizer/sign_sgd.hpp": KERNEL,
    "part/attention/biases.hpp": STORED,
    "part/attention/clip.hpp": STORED,
    "part/attention/extra_key.hpp": "value_bias is of its kind; without one there is its no_extra_key",
    "part/attention/forget_gate.hpp": "forgetting brings it along",
    "part/attention/mask.hpp": "without one there is its causal mask",
    "part/attention/qk_norm.hpp": STORED,
    "part/attention/rotary.hpp": STORED,
    "part/attention/score_steps.hpp": NUMBERS,
    "part/mlp/activations.hpp": "MLPs are made with it",
    "part/mlp/gated_mlp.hpp": STORED,
    "part/mlp/linear_mlp.hpp": SPELLED,
    "part/mlp/mlp.hpp": SPELLED,
    "part/norm/layer_norm.hpp": SPELLED,
    "part/norm/no_norm.hpp": "wirings ask whether a norm is it",
    "part/norm/rms_norm.hpp": STORED,
    "part/position/no_positions.hpp": STORED,
    "part/position/sincos_table.hpp": SPELLED,
    "part/projection/biased.hpp": "gates and biases project with it",
    "part/registers.hpp": "sequences begin with them, so losses and checks of a batch know them",
    "part/wiring/parallel.hpp": STORED,
    "part/wiring/post_residual.hpp": SPELLED,
    "part/wiring/residual.hpp": SPELLED,
    "rule/output_gate.hpp": "other gates open as its does",
    "rule/relu.hpp": KERNEL,
    "rule/sigmoid.hpp": KERNEL,
    "rule/softmax.hpp": SPELLED,
}
# In an umbrella header, but in none of the tables.
NO_PARTS = {
    "part/attention/attention.hpp": "what rules and policies stand in",
    "optimizer/by_group.hpp": "goes around optimizers",
    "optimizer/clipped.hpp": "goes around optimizers",
    "optimizer/exact_decay.hpp": "goes around optimizers",
    "optimizer/frozen.hpp": "goes around optimizers",
    "optimizer/which.hpp": "what by_group is told",
    "optimizer/with_rate.hpp": "goes around optimizers",
}
NAMESAKES = {"probe/sink_logit_gap.hpp": "logits of sinks, whatever the rule"}
IN_NO_UMBRELLA = {"optimizer/soap.hpp": "needs Eigen"}
NOT_COMPARED = {"permuted_adam": "it is AdamW, says its test"}
# Where a test would be, and which has it: several were written at once.
INSTEAD = {
    "tests/rule/sink_logit.cpp": "tests/rule/rules.cpp",
    "tests/rule/softmax_n.cpp": "tests/rule/rules.cpp",
    "tests/part/forgetting.cpp": "tests/part/forget_gate.cpp",
}


def read(source):
    """The text of every file that is looked at, by its path."""
    found = [*source.glob("include/**/*.hpp"), *source.glob("docs/*.md")]
    found += [f for f in source.glob("tests/**/*") if f.suffix in (".cpp", ".py")]
    return {f.relative_to(source).as_posix(): f.read_text(encoding="utf-8") for f in found}


def tables(files):
    """The words of each header, from the lines of tables that end with a header."""
    words = {}
    for _, _, page, folder, *_ in ROOMS:
        for line in re.findall(r"^\| `.*", files[page], flags=re.MULTILINE):
            cells = line.strip("| ").split(" | ")
            for name in re.findall(r"`([\w/]+\.hpp)`", cells[-1]):
                name = name if name.startswith("part/") else folder + name
                words.setdefault(name, []).extend(re.findall(r"`(\w+)[^`]*`", cells[0]))
    return words


@functools.cache
def words_of(text):
    """Those outside of comments, strings and includes."""
    text = re.sub(r'"[^"\n]*"|//[^\n]*|^#include[^\n]*', "", text, flags=re.MULTILINE)
    return frozenset(re.findall(r"\w+", text))


def mistakes(files):
    headers = {p[len(HOME):]: text for p, text in files.items() if p.startswith(HOME)}
    includes = {h: set(re.findall(r'#include "dormant/([^"]+)"', t)) for h, t in headers.items()}
    by = {h: {other for other in headers if h in includes[other]} for h in headers}
    words = tables(files)
    for listed in (BASES, NO_PARTS, NAMESAKES, IN_NO_UMBRELLA):
        yield from (f"{h}: has an exception, but is not there" for h in listed if h not in headers)
    yield from (f"{h}: in a table of docs/, but not there" for h in words if h not in headers)
    for folder, umbrella, page, _, tests, pairs in ROOMS:
        for h in sorted(headers):
            if not re.fullmatch(rf"{folder}/\w+\.hpp", h) or h in UMBRELLAS or h in NO_PARTS:
                continue
            if h not in words:
                if by[h] <= UMBRELLAS:  # not what others are made of
                    yield f"{h}: no line in {page}"
                continue
            own = {h}  # and what it alone includes
            while more := {k for o in own for k in includes[o] & by.keys() if by[k] <= own} - own:
                own |= more
            leaks = [f"{o} includes it" for o in sorted(by[h] - UMBRELLAS - own)]
            leaks += [f"{o} says {x}"
                      for o in sorted(headers.keys() - UMBRELLAS - NAMESAKES.keys() - own)
                      for w in words[h] for x in sorted(words_of(headers[o]))
                      if f"_{w}_" in f"_{x}_"]
            if h in BASES:
                if not leaks:
                    yield f"{h}: nothing is built on it, so it needs no exception"
                continue
            yield from (f"{h}: {leak}" for leak in leaks)
            if h not in includes[umbrella] and h not in IN_NO_UMBRELLA:
                yield f"{h}: not in {umbrella}"
            name = pathlib.PurePosixPath(h).stem
            for path in (f"{tests}{name}.cpp", f"{pairs}{name}.cpp", f"{pairs}{name}.py"):
                if path in files and path in INSTEAD:
                    yield f"{h}: has {path}, so that needs no exception"
                text = files.get(INSTEAD.get(path, path))
                if text is None:
                    yield f"{h}: no {path}"
                elif path.endswith(".cpp"):
                    yield from (f"{h}: {path} does not name {w}" for w in words[h]
                                if w not in words_of(text) and (tests in path or w not in NOT_COMPARED))


if __name__ == "__main__":
    files_ = read(pathlib.Path(sys.argv[1]))
    if len(tables(files_)) < 50:
        sys.exit("few parts found; has the spelling of the tables changed?")
    if wrong := list(mistakes(files_)):
        sys.exit("\n".join(wrong))
