# SPDX-License-Identifier: MIT
"""Compiled types and where they are kept, for dormant.py: a library is made under a lock, moved into the
cache whole, and named by a hash of all that it depends on. CXX and CXXFLAGS are heeded.
"""
import difflib
import fcntl
import functools
import hashlib
import importlib.util
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "include"
FLAGS = ("-std=c++20", "-O2", "-march=native", "-DNDEBUG", "-fPIC", "-shared", "-fvisibility=hidden")


class Error(RuntimeError):
    """What the library refuses, in one sentence."""


class CompileError(Error):
    """A type that does not compile; `log` is all that the compiler said."""

    log = ""


# As users meet them.
Error.__module__ = CompileError.__module__ = "dormant"


def cache_folder():
    """Where compiled types are kept; it may be deleted at any time."""
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "dormant"


@functools.lru_cache
def _machine():
    # -march=native makes code for one kind of processor, and a home may be on several machines.
    try:
        flags = re.search(r"^(flags|Features)\s*:.*$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        flags = None
    return platform.machine(), flags.group() if flags else platform.processor()


def _state(path):
    state = os.stat(path)
    return str(path), state.st_size, state.st_mtime_ns


def _own_headers(path, seen):
    """The text of a header and of those that it includes from its own folder."""
    if path in seen or not path.is_file():
        return
    seen[path] = text = path.read_text()
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
        _own_headers((path.parent / name).resolve(), seen)


def stamp(headers=()):
    """What a compiled library depends on beside its own text."""
    ours = [p for folder in (INCLUDE, HERE / "module") for p in sorted(folder.rglob("*.?pp"))]
    used = [pathlib.Path("/usr/include", name) for name in ("xtensor", "xsimd", "pybind11")]
    own = {}
    for header in headers:
        _own_headers(header, own)
    states = [_state(p) for p in (*ours, *used) if p.exists()]
    return repr((states, sorted((str(p), text) for p, text in own.items())))


def _compiler():
    command = shlex.split(os.environ.get("CXX") or "g++")
    path = shutil.which(command[0])
    if path is None:
        raise Error(f"there is no compiler {command[0]!r}; install g++ 12 or newer, or name one in CXX")
    found = [shutil.which(word) for word in command]  # `ccache g++` is two programs
    return command, [_state(os.path.realpath(path)) for path in found if path]


def sentence(log):
    """The first errors of a compiler, our own sentences before its."""
    errors = [line.partition("error: ")[2] for line in log.splitlines() if "error: " in line]
    ours = [found.group() for e in errors if (found := re.search(r"dormant(::\w+)?: [^\"]*", e))]
    lines = ours[:1] or errors[:3] or log.splitlines()[-3:]
    return "\n  ".join(dict.fromkeys(lines)) or "the compiler said nothing"


def made(kind, what, text, stamp, check=None, flags=()):
    """The library of a source text, from the cache or compiled into it."""
    command, compiler = _compiler()
    include = [f"-I{INCLUDE}", f"-I{HERE}", f"-I{sysconfig.get_paths()['include']}"]
    if pybind11 := importlib.util.find_spec("pybind11"):
        include.append(f"-I{pathlib.Path(pybind11.origin).parent / 'include'}")
    command += [*FLAGS, *flags, *shlex.split(os.environ.get("CXXFLAGS", "")), *include]
    depends = (text, stamp, command, compiler, sysconfig.get_config_var("SOABI"), _machine())
    key = hashlib.sha256(repr(depends).encode()).hexdigest()[:24]
    cache = cache_folder()
    library = cache / f"{kind}-{key}.so"
    if library.exists():
        return library
    if check:
        check()
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(cache / f"{kind}-{key}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process may be making it
        if library.exists():
            return library
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            source, out = pathlib.Path(folder, f"{kind}.cpp"), pathlib.Path(folder, f"{kind}.so")
            source.write_text(text)
            print(f"dormant: compiling {what} ... ", end="", file=sys.stderr, flush=True)
            begin = time.monotonic()
            made = subprocess.run([*command, str(source), "-o", str(out)], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, errors="replace")
            print(f"{time.monotonic() - begin:.1f} s", file=sys.stderr, flush=True)
            if made.returncode != 0:
                failed = CompileError(f"{what} does not compile:\n  {sentence(made.stderr)}")
                failed.log = made.stderr
                raise failed
            os.replace(out, library)  # whole or not at all
    return library


@functools.lru_cache
def _words():
    found = {"double", "float", "true", "false"}
    for path in INCLUDE.rglob("*.hpp"):
        found.update(re.findall(r"\b(?:struct|class|using|bool|auto|shape)\s+([a-z]\w*)", path.read_text()))
    return found


def check_words(words):
    """A sentence in the place of a compiler's page, where a name is misspelt."""
    for name in re.findall(r"[A-Za-z_]\w*", " ".join(w for w in words if not re.search(r"::|\{", w))):
        if name not in _words():
            near = difflib.get_close_matches(name, _words(), 3)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "docs/parts.md lists them"
            raise Error(f"the library has no word {name!r} for a model's type; {hint}")
