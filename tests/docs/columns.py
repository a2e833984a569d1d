# SPDX-License-Identifier: MIT
"""Comments keep to 100 columns. The formatter keeps code there and leaves comments alone.

    columns.py FOLDER
"""
import pathlib
import sys

COLUMNS = 100
ROOMS = ("include", "examples", "tests", "benchmarks")


def too_wide(text):
    """The numbers of the lines that are a comment and too wide."""
    return [number for number, line in enumerate(text.splitlines(), 1)
            if line.lstrip().startswith("//") and len(line) > COLUMNS]


def main(source):
    files = [file for room in ROOMS for kind in ("hpp", "cpp", "h")
             for file in sorted((source / room).rglob(f"*.{kind}"))]
    if not files:
        sys.exit(f"{source} has no sources")
    wide = [f"  {file.relative_to(source)}:{number}" for file in files
            for number in too_wide(file.read_text(encoding="utf-8"))]
    if wide:
        sys.exit(f"comments of more than {COLUMNS} columns:\n" + "\n".join(wide))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
