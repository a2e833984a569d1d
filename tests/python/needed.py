# SPDX-License-Identifier: MIT
"""What the door to Python stands on; a test ends with 77 where it is not installed."""
import importlib.util
import pathlib
import sys
import sysconfig


def check():
    python = pathlib.Path(sysconfig.get_paths()["include"], "Python.h")
    pybind11 = pathlib.Path("/usr/include/pybind11/pybind11.h")
    if not python.exists() or not (pybind11.exists() or importlib.util.find_spec("pybind11")):
        print("skipped: Python.h or pybind11 is not installed")
        sys.exit(77)
