# SPDX-License-Identifier: MIT
"""Runs examples/python/sinks.py with few steps, in an empty folder; it checks its own probe. Exits with 77 where
something is not installed.

    python3 try_sinks.py FOLDER     # of the project
"""
import importlib.util
import os
import pathlib
import runpy
import sys
import tempfile

import needed  # exits with 77

needed.check()
if not importlib.util.find_spec("numpy"):
    sys.exit(77)
script = pathlib.Path(sys.argv[1], "examples", "python", "sinks.py").resolve()
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    sys.argv = [str(script), "--steps", "20"]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")
    os.chdir("/")
