# SPDX-License-Identifier: MIT
# The checks of the texts find what they look for: an attention whose queries are not named, a verdict
# that is not the computed one, and a part that does not stand alone.
# Usage: python3 checks_can_fail.py SOURCE_FOLDER

import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True # the folder of the sources stays as it is
import attention_names
import columns
import stand_alone
import verdicts


def check(holds, what):
    if not holds:
        sys.exit("not found: " + what)


def parts(source):
    files = stand_alone.read(source)
    check(not list(stand_alone.mistakes(files)), "that every part stands alone")
    home, pairs = "include/dormant/", "tests/reference/parts/"
    for path, change, mistake in ( # a change is more text, what to take out, or None for the whole file
            (home + "train.hpp", '\n#include "dormant/rule/softpick.hpp"',
             "rule/softpick.hpp: train.hpp includes it"),
            (home + "plan/sizes.hpp", "struct dyt_sizes {};",
             "part/norm/dyt.hpp: plan/sizes.hpp says dyt_sizes"),
            (home + "kernels/rows.hpp", "void lion(float*);",
             "optimizer/lion.hpp: kernels/rows.hpp says lion"),
            (home + "part/norm/new.hpp", "struct new_norm {};",
             "part/norm/new.hpp: no line in docs/parts.md"),
            (home + "part/parts.hpp", ["/rezero.hpp"],
             "part/wiring/rezero.hpp: not in part/parts.hpp"),
            ("docs/optimizers.md", ["`muon.hpp`"], "optimizer/muon.hpp: no line in docs/optimizers.md"),
            ("tests/part/mlp_gate.cpp", ["linear_gate"],
             "part/attention/mlp_gate.hpp: tests/part/mlp_gate.cpp does not name linear_gate"),
            ("tests/part/dyt.cpp", None, "part/norm/dyt.hpp: no tests/part/dyt.cpp"),
            (pairs + "entmax15.cpp", None, f"rule/entmax15.hpp: no {pairs}entmax15.cpp"),
            (pairs + "alibi.py", None, f"part/attention/alibi.hpp: no {pairs}alibi.py")):
        changed = dict(files)
        text = changed.pop(path, "")
        if isinstance(change, str):
            changed[path] = text + change
        elif change:
            check(change[0] in text, f"{change[0]} in {path}")
            changed[path] = text.replace(change[0], "")
        found = list(stand_alone.mistakes(changed))
        check(mistake in found, f"{mistake}; but {found}")
    said = {**files, home + "train.hpp": files[home + "train.hpp"] + '// lion\nauto x = "lion";\n'}
    check(not list(stand_alone.mistakes(said)), "that a comment is no use of a part")


def main(source):
    parts(source)
    check(columns.too_wide("x\n  // " + 95 * "x" + "\n  // " + 96 * "x") == [3], "a wide comment")
    results = (source / "docs/results.md").read_text(encoding="utf-8")
    check(not list(attention_names.of_markdown(results)), "that results.md names its queries")
    places = [m.start() for m in attention_names.SINK.finditer(results)]
    check(len(places) >= 4, "attentions in results.md")
    bare = attention_names.NAMED.sub("", results)
    check(len(list(attention_names.of_markdown(bare))) >= 4, "attentions without their names")
    table = "| | attention on `<s>` |\n|---|---|\n| softmax | 0.9 |\n"
    check(list(attention_names.of_markdown(table)), "a column without a name")
    check(not list(attention_names.of_markdown(table.replace("`<s>`", "`<s>`, triggers"))), "a name")
    cell = "<table><th>attention on &lt;s&gt;{}</th></table>"
    check(list(attention_names.of_html(cell.format(""))), "a column of a page without a name")
    check(not list(attention_names.of_html(cell.format("<br>from triggers"))), "its name")
    picture = "<svg><text>Attention on &lt;s&gt;</text><text>mean{}</text></svg>"
    check(list(attention_names.of_html(picture.format(""))), "a picture without a name")
    check(not list(attention_names.of_html(picture.format(" over all queries"))), "a picture's name")
    finding = {"numbers": [{"what": "attention on <s>"}], "statements": [], "ran": "", "words": ""}
    check(list(attention_names.of_finding(json.dumps(finding))), "a number without a name")

    rows = [{"experiment": "a", "statement": "x < y", "passes": "4", "n": "5",
             "verdict": "not established"}]
    head = "| claim | verdict | found |\n|---|---|---|\n"
    def wrong(line):
        return verdicts.mistakes_in("page", head + line, rows)[0]
    check(not wrong("| c | not established, 4 of 5 <!-- a: x < --> | f |"), "a computed verdict")
    for line in ("| c | holds, 4 of 5 <!-- a: x < --> | f |", "| c | ? <!-- a: x --> | f |",
                 "| c | not established, 5 of 5 <!-- a: x --> | f |", "| c | holds, 5 of 5 | f |",
                 "| c | not established, 4 of 5 <!-- a: z --> | f |",
                 "| c | not established, 4 of 5 <!-- a: x --> | it holds |"):
        check(wrong(line), line)
    right = verdicts.mistakes_in("page", "? <!-- a: x -->", rows)[1]
    check(right == "not established, 4 of 5 <!-- a: x -->", "a verdict put in")
    check(re.search(r"<!-- \w+: ", results), "quoted verdicts in results.md")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
