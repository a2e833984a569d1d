# SPDX-License-Identifier: MIT
"""Runs examples/python/sinks.py with few steps, in an empty folder, where it checks its own probe; and the
code of docs/python.md. Exits with 77 where something is not installed.

    python3 try_sinks.py FOLDER     # of the project
"""
import importlib.util
import os
import pathlib
import re
import runpy
import sys
import tempfile

import needed  # exits with 77

needed.check()
if not importlib.util.find_spec("numpy"):
    sys.exit(77)
project = pathlib.Path(sys.argv[1]).resolve()
script = project / "examples" / "python" / "sinks.py"
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    sys.argv = [str(script), "--steps", "20"]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")
    page = (project / "docs" / "python.md").read_text()
    shown = {}
    exec(re.search("```python\n(.*?)```", page, re.S).group(1), shown)
    assert shown["losses"][-1] < shown["losses"][0], shown["losses"]
    os.chdir("/")
