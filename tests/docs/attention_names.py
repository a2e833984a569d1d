# SPDX-License-Identifier: MIT
# An attention on <s> that stands beside a number says which queries it averages: non-triggers,
# triggers, all, or the published definition. A quarter of all queries are triggers, where a head that
# sinks copies, so the same head has .92 or .69.
# Usage: python3 attention_names.py FILE..., which are .md, .html or finding.json

import html
import json
import re
import sys

SINK = re.compile(r"attention\s+on\s+`?<s>`?", re.IGNORECASE)
NAMED = re.compile(r"triggers?\b|all\s+queries|published\s+(definition|attention|one)", re.IGNORECASE)
NEAR = 90  # characters on either side


def unnamed(text):
    """Places where an attention has no name but a number, within a paragraph, cell or sentence."""
    for match in SINK.finditer(text):
        around = text[max(0, match.start() - NEAR) : match.end() + NEAR]
        if re.search(r"(?<![A-Za-z_])\d", around) and not NAMED.search(around):
            yield " ".join(around.split())


def of_markdown(text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)  # programs
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    for block in re.split(r"\n\s*\n", text):
        if not block.lstrip().startswith("|"):
            yield from unnamed(block)
            continue
        rows = [line.split("|") for line in block.splitlines()]
        for cell in rows[0]:  # the numbers are below
            yield from unnamed(cell + " 0" if SINK.search(cell) else cell)
        for row in rows[2:]:
            for cell in row:
                yield from unnamed(cell)
            if SINK.search(row[1]):  # or beside it
                yield from unnamed(row[1] + " 0")


def of_html(text):
    text = re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL)
    for picture in re.findall(r"<svg\b.*?</svg>", text, flags=re.DOTALL):
        words = [html.unescape(re.sub("<[^>]*>", "", t))
                 for t in re.findall(r"<text\b.*?</text>", picture, flags=re.DOTALL)]
        sinks = [w for w in words if SINK.search(w)]
        names = [w for w in words if NAMED.search(w)]
        if len(sinks) > len(names):
            yield "a picture: " + ", ".join(sinks)
    text = re.sub(r"<svg\b.*?</svg>", "", text, flags=re.DOTALL)
    text = re.sub(r"<br\s*/?>", " ", text)
    for block in re.split(r"</(?:p|td|th|h\d|li|dd|dt|figcaption|div)>", text):
        yield from unnamed(html.unescape(re.sub("<[^>]*>", "", block)))
    for cell in re.findall(r"<t[hd]>(.*?)</t[hd]>", text, flags=re.DOTALL):
        if SINK.search(html.unescape(re.sub("<[^>]*>", " ", cell))):
            yield from unnamed(html.unescape(re.sub("<[^>]*>", " ", cell)) + " 0")


def of_finding(text):
    finding = json.loads(text)
    for number in finding["numbers"]:
        yield from unnamed(number["what"] + " 0")
    for statement in finding["statements"]:
        yield from unnamed(statement["says"] + " 0")
        if "effect" in statement:
            yield from unnamed(statement["effect"]["what"] + " 0")
    for key in ("ran", "words"):
        yield from unnamed(finding[key])


def main(files):
    wrong = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        look = of_finding if name.endswith(".json") else of_html if name.endswith(".html") else of_markdown
        wrong += [f"{name}: which queries? {place}" for place in look(text)]
    if wrong or not files:
        sys.exit("\n".join(wrong) or "no files to look at")


if __name__ == "__main__":
    main(sys.argv[1:])
