# SPDX-License-Identifier: MIT
# The verdicts that the texts quote are those of docs/verdicts.csv, the copy of what `paper` wrote.
# A verdict in a table stands before a comment that says which statement it is of, by the name of its
# experiment and a part of its words:
#     holds, 30 of 30 <!-- active_dormant: dormant: non-triggers put at least half -->
# Usage: python3 verdicts.py SOURCE_FOLDER [--write]; with --write they are put in instead of checked.

import csv
import pathlib
import re
import sys

WORDS = r"holds for most seeds|holds|not established"
QUOTED = re.compile(r"((?:" + WORDS + r"), \d+ of \d+|\?) <!-- (\w+): (.*?) -->")


def read(source):
    with open(source / "docs/verdicts.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def found(rows, experiment, part):
    """The one statement of that experiment with these words, as the texts quote it."""
    matching = [r for r in rows if r["experiment"] == experiment and part in r["statement"]]
    if len(matching) != 1:
        raise LookupError(f"{len(matching)} statements of {experiment} say '{part}'")
    row = matching[0]
    return f"{row['verdict']}, {row['passes']} of {row['n']}"


def mistakes_in(page, text, rows):
    """What is wrong in a text, and the text as it should be."""
    wrong = []

    def put_right(match):
        try:
            now = found(rows, match[2], match[3])
        except LookupError as why:
            wrong.append(f"{page}: {why}")
            return match[0]
        if now != match[1]:
            wrong.append(f"{page}: '{match[1]}' is '{now}' in docs/verdicts.csv ({match[2]})")
        return f"{now} <!-- {match[2]}: {match[3]} -->"

    right = QUOTED.sub(put_right, text)
    within = False  # a table of claims
    for line in text.splitlines():
        within = line.startswith("| claim | verdict |") or within and line.startswith("|")
        if not within or line.startswith(("| claim |", "|---")):
            continue
        if not QUOTED.search(line.split("|")[2]):
            wrong.append(f"{page}: a row without its computed verdict: {line[:60]}")
        elif re.search(WORDS, QUOTED.sub("", line)):
            wrong.append(f"{page}: a verdict that nothing computed: {line[:60]}")
    return wrong, right


def main(source, write):
    rows = read(source)
    wrong, quoted = [], set()
    for page in ("README.md", "docs/results.md"):
        path = source / page
        text = path.read_text(encoding="utf-8")
        here, right = mistakes_in(page, text, rows)
        if write and right != text:
            path.write_text(right, encoding="utf-8")
            here, _ = mistakes_in(page, right, rows)
        wrong += here
        quoted |= {match[2] for match in QUOTED.finditer(right)}
    missing = {row["experiment"] for row in rows} - quoted
    wrong += [f"no text quotes a verdict of {name}" for name in sorted(missing)]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), "--write" in sys.argv[2:])
