# SPDX-License-Identifier: MIT
"""What dormant.py keeps and when it compiles again, with a compiler that only notes that it was called.

    python3 check_cache.py     # exits with 77 where NumPy, pybind11 or Python's headers are not installed
"""
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy  # noqa: F401
except ImportError:
    sys.exit(77)

import needed  # exits with 77

needed.check()
DOOR = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"
sys.path.insert(0, str(DOOR))
import dormant  # noqa: E402
import dormant_cache  # noqa: E402

COMPILER = """#!/bin/sh
echo called >> "{calls}"
sleep 0.3
while [ "$1" != -o ]; do shift; done
echo made > "$2"
exit {code}
"""


class Cache(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        former = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(former)))
        os.environ.update(XDG_CACHE_HOME=holder.name, CXX=self.compiler("c++", 0), CXXFLAGS="")

    def compiler(self, name, code):
        path = self.folder / name
        path.write_text(COMPILER.format(calls=self.folder / "calls", code=code))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    def made(self, text="text", headers=()):
        return dormant_cache.made("model", "a test", text, dormant_cache.stamp(headers))

    def calls(self):
        calls = self.folder / "calls"
        return len(calls.read_text().split()) if calls.exists() else 0

    def test_a_library_is_made_once(self):
        first = self.made()
        time = first.stat().st_mtime_ns
        self.assertEqual((self.made(), self.calls()), (first, 1))
        self.assertEqual(first.stat().st_mtime_ns, time)
        self.assertEqual(first.read_text(), "made\n")

    def test_what_it_depends_on_makes_another(self):
        own, inner = self.folder / "own.hpp", self.folder / "inner.hpp"
        own.write_text('#include "inner.hpp"\n')
        inner.write_text("// 1\n")
        found = {self.made(), self.made("other"), self.made(headers=[own.resolve()])}
        inner.write_text("// 2\n")
        found.add(self.made(headers=[own.resolve()]))
        os.environ["CXXFLAGS"] = "-O3"
        found.add(self.made())
        os.environ["CXX"] = self.compiler("c++-2", 0)
        found.add(self.made())
        self.assertEqual((len(found), self.calls()), (6, 6))

    def test_processes_that_ask_at_once_share_one(self):
        ask = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(DOOR)!r}); import dormant_cache\n"
                                     "print(dormant_cache.made('model', 'a test', 'text', 'stamp'))"]
        asked = [subprocess.Popen(ask, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        found = {p.communicate()[0] for p in asked}
        self.assertEqual((len(found), self.calls()), (1, 1))
        self.assertTrue(pathlib.Path(found.pop().strip()).exists())

    def test_nothing_is_kept_of_a_failure(self):
        os.environ["CXX"] = self.compiler("broken", 1)
        self.assertRaises(dormant.CompileError, self.made)
        self.assertRaises(dormant.CompileError, self.made)
        kept = list(dormant.cache_folder().iterdir())
        self.assertEqual([p.suffix for p in kept], [".lock"])

    def test_a_compiler_that_is_not_there_is_said(self):
        os.environ["CXX"] = "no-such-compiler"
        with self.assertRaisesRegex(dormant.Error, "there is no compiler 'no-such-compiler'"):
            self.made()

    def test_the_first_errors_of_compilers_are_found(self):
        gnu = "a.hpp:3:1: error: static assertion failed: dormant::shape: width must\na.hpp:4: error: then"
        clang = ("a.hpp:3:1: error: 'x' was not declared\n"
                 "b.hpp:3: error: static assertion failed due to requirement 'A == 3': dormant: this hook")
        self.assertEqual(dormant_cache.sentence(gnu), "dormant::shape: width must")
        self.assertEqual(dormant_cache.sentence(clang), "dormant: this hook")
        several = "x: error: 1\nx: error: 2\nx: fatal error: 3\nx: error: 4"
        self.assertEqual(dormant_cache.sentence(several), "1\n  2\n  3")


if __name__ == "__main__":
    unittest.main()
