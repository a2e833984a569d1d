# SPDX-License-Identifier: MIT
"""The library from Python: a model's type is compiled when it is first asked for, and kept.

    import dormant
    Model = dormant.model("softmax", layers=1, width=64, context=64)
    net, task = Model(seed=1), Model.bigram_backcopy(triggers=3, seed=1)
    losses = net.trainer(task, dormant.adamw(lr=3e-3), batch=16).steps(500)
    net.measure(task.sample(64))["attention_sink.on_background.0"]

docs/python.md says what is copied and what is not, and what it costs. CXX and CXXFLAGS are heeded.
"""
import collections
import difflib
import fcntl
import functools
import hashlib
import importlib.machinery
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

import numpy as np

_HERE = pathlib.Path(__file__).resolve().parent
_INCLUDE = _HERE.parents[1] / "include"
_FLAGS = ("-std=c++20", "-O2", "-march=native", "-DNDEBUG", "-fPIC", "-shared", "-fvisibility=hidden")

Evaluation = collections.namedtuple("Evaluation", "loss bigram_risk backcopy_risk")
Optimizer = collections.namedtuple("Optimizer", "name values")


class Error(RuntimeError):
    """What the library refuses, in one sentence."""


class NonFinite(Error):
    """Training met a NaN or an infinity; the parameters are those before the step."""


class CompileError(Error):
    """A type that does not compile; `log` is all that the compiler said."""

    log = ""


class Site(str):
    """The name of a site, as a hook is given it, and the row of the batch that is passing."""

    def __new__(cls, name, row):
        made = super().__new__(cls, name)
        made.row = row
        return made


def _optimizer(name, values):
    rates = values.pop("rates", {})
    return Optimizer(name, {**values, **{f"rates.{group}": rate for group, rate in rates.items()}})


def adamw(**values):
    """lr, beta1, beta2, eps, weight_decay, and rates={"mlp": 0.5, ...}; the paper's where unsaid."""
    return _optimizer("adamw", values)


def sgd(**values):
    """lr, momentum, weight_decay, rates."""
    return _optimizer("sgd", values)


def sign_sgd(**values):
    """lr, weight_decay, rates."""
    return _optimizer("sign_sgd", values)


# ---- making libraries --------------------------------------------------------------------------

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


def _stamp(headers=()):
    """What a compiled library depends on beside its own text."""
    ours = [p for folder in (_INCLUDE, _HERE / "module") for p in sorted(folder.rglob("*.?pp"))]
    used = [p for name in ("xtensor", "xsimd", "pybind11") if (p := pathlib.Path("/usr/include", name)).exists()]
    own = {}
    for header in headers:
        _own_headers(header, own)
    return repr(([_state(p) for p in ours + used], sorted((str(p), text) for p, text in own.items())))


def _compiler():
    command = shlex.split(os.environ.get("CXX") or "g++")
    path = shutil.which(command[0])
    if path is None:
        raise Error(f"there is no compiler {command[0]!r}; install g++ 12 or newer, or say another in CXX")
    return command, _state(os.path.realpath(path))


def _sentence(log):
    """The first errors of a compiler, our own sentences before its."""
    errors = [line.partition("error: ")[2] for line in log.splitlines() if "error: " in line]
    ours = [found.group() for e in errors if (found := re.search(r"dormant(::\w+)?: [^\"]*", e))]
    lines = ours[:1] or errors[:3] or log.splitlines()[-3:]
    return "\n  ".join(dict.fromkeys(lines)) or "the compiler said nothing"


def _made(kind, what, text, stamp, check=None, flags=()):
    """The library of a source text, from the cache or compiled into it."""
    command, compiler = _compiler()
    include = [f"-I{_INCLUDE}", f"-I{_HERE}", f"-I{sysconfig.get_paths()['include']}"]
    if pybind11 := importlib.util.find_spec("pybind11"):
        include.append(f"-I{pathlib.Path(pybind11.origin).parent / 'include'}")
    command += [*_FLAGS, *flags, *shlex.split(os.environ.get("CXXFLAGS", "")), *include]
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
                failed = CompileError(f"{what} does not compile:\n  {_sentence(made.stderr)}")
                failed.log = made.stderr
                raise failed
            os.replace(out, library)  # whole or not at all
    return library


_glue_made = None  # the module that knows Python, and what it was made of


def _glue():
    global _glue_made
    stamp = _stamp()
    if _glue_made is None:
        path = _made("glue", "the glue between Python and the library",
                     f'#include "{_HERE}/module/glue.cpp"\n', stamp, flags=("-O1",))
        loader = importlib.machinery.ExtensionFileLoader("dormant_glue", str(path))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("dormant_glue", loader))
        loader.exec_module(module)
        module.report_errors_as(Error, NonFinite)
        _glue_made = module, stamp
    if _glue_made[1] != stamp:
        raise Error("the library's headers have changed since this process began to use them; start Python anew")
    return _glue_made[0]


@functools.lru_cache
def _words():
    found = {"double", "float", "true", "false"}
    for path in _INCLUDE.rglob("*.hpp"):
        found.update(re.findall(r"\b(?:struct|class|using|bool|auto|shape)\s+([a-z]\w*)", path.read_text()))
    return found


def _check_words(words):
    """A sentence in the place of a compiler's page, where a name is misspelt."""
    for name in re.findall(r"[A-Za-z_]\w*", " ".join(w for w in words if not re.search(r"::|\{", w))):
        if name not in _words():
            near = difflib.get_close_matches(name, _words(), 3)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "docs/parts.md lists them"
            raise Error(f"the library has no word {name!r} for a model's type; {hint}")


# ---- models ------------------------------------------------------------------------------------

def model(*words, headers=(), **sizes):
    """The type of a model: `model("softmax", "post_norm", layers=2, width=64)`, or its equation in C++,
    `model("block<residual<rms_norm, attention<softmax, rotary<>>>, ...>", "no_positions")`. Compiled if it is
    not in the cache. `sizes` are the fields of dormant::shape, the paper's where unsaid; `headers` are files
    with words of your own."""
    return Model(words, headers, sizes)


class Model:
    """Called with a seed, it makes a model; and tasks of its vocabulary and context."""

    def __init__(self, words, headers, sizes):
        order = ("layers", "heads", "width", "vocab", "context", "expansion", "kv_heads", "head_size", "mlp_width")
        for name, value in sizes.items():
            if name not in order or not isinstance(value, (int, np.integer)) or value < 0:
                raise Error(f"dormant.model: {name}={value!r} is no size; sizes are whole numbers, one of {', '.join(order)}")
        self._headers = [pathlib.Path(h).resolve() for h in headers]
        if missing := [str(h) for h in self._headers if not h.is_file()]:
            raise Error(f"dormant.model: there is no header {missing[0]}")
        shape = ", ".join(f".{name} = {int(sizes[name])}" for name in order if name in sizes)
        self.name = ", ".join([*words, *(f"{name}={int(sizes[name])}" for name in order if name in sizes)])
        self.type = f"transformer<{', '.join([f'shape{{{shape}}}', *words])}>"
        self._core, self._stamp = _glue(), _stamp(self._headers)
        check = None if headers else lambda: _check_words(words)
        self.path = _made("model", f"the model {self.name}", self._text("model"), self._stamp, check)
        self._door = self._core.open_model(str(self.path))
        self._hooks_door = None
        self.sizes = self._door.sizes

    def _text(self, kind):
        own = "".join(f'#include "{h}"\n' for h in self._headers)
        return (f'#include "module/{kind}.hpp"\n{own}using namespace dormant;\nusing made_net = {self.type};\n'
                f'extern "C" [[gnu::visibility("default")]] python::{kind}_door const* dormant_{kind}() {{\n'
                f"  static python::{kind}_of<made_net> const made;\n  return &made;\n}}\n")

    def _hooks(self):
        if self._hooks_door is None:
            if _stamp(self._headers) != self._stamp:
                raise Error(f"headers have changed since the model {self.name} was made; call dormant.model again")
            path = _made("hooks", f"hooks for {self.name}", self._text("hooks"), self._stamp)
            self._hooks_door = self._core.open_hooks(str(path))
        return self._hooks_door

    @property
    def sites(self):
        """The sites that hooks can hear, and whether each can be edited."""
        return dict(self._hooks().sites)

    def __call__(self, seed=0):
        return Net(self, seed)

    def bigram_backcopy(self, triggers=3, seed=0, bos=1, copy=1.0, delimiters=0.0):
        """The task; `sample(rows, draw=0)` gives batches of it, which training never sees."""
        return self._door.bigram_backcopy(triggers, seed, bos, copy, delimiters)

    def batch(self, tokens):
        """Tokens [B, T + 1], of which the last of a row is predicted only, as a batch without laws."""
        return self._core.Batch(_tokens(tokens), True)


class Parameters(dict):
    """Every parameter by its name, an array on the model's own memory; assigning writes there."""

    def __missing__(self, name):
        raise Error(f"this model has no parameter named {name!r}; it has {', '.join(self)}")

    def __setitem__(self, name, values):
        self[name][...] = values


class Net:
    """A model. Its calls let go of the GIL; a model takes one thread at a time."""

    def __init__(self, model, seed):
        self.model = model
        self._net = model._door.net(seed)

    @property
    def parameters(self):
        return Parameters((name, self._net.parameter(name)) for name in self._net.names)

    def trainer(self, task, optimizer, batch=512, threads=0, shards=8):
        """`step()` takes a step and returns its loss, `steps(n)` n of them, `taken` says how many were."""
        values = [(name, float(value)) for name, value in optimizer.values.items()]
        named = self.model._core.Named(optimizer.name, values)
        return self._net.trainer(task, named, batch, self._execution(threads, shards))

    def evaluate(self, batch, *hooks, threads=0):
        """Loss and risks of a batch. A hook is called `hook(site, layer, array)` at the sites that it names:
        a probe at `sites`, with an array that can only be read, an intervention at `edits`, with one that can
        be written. `site.row` is the row of the batch; rows come in order. The array is the library's memory
        and is gone after the call. With hooks one thread runs, whatever `threads` says."""
        if not hooks:
            return Evaluation(*self._net.evaluate(batch, self._execution(threads)))
        door = self.model._hooks()
        heard = [_heard(hook, door.sites, self.model.name) for hook in hooks]
        return Evaluation(*self._net.evaluate_heard(door, batch, heard, Site))

    def measure(self, batch, threads=0):
        """What attention_sink, value_drain, residual_peak and risk report; docs/measurements.md names it."""
        return self._net.measure(batch, self._execution(threads))

    def logits(self, tokens, threads=0):
        """[B, T, V] of tokens [B, T]."""
        return self._net.logits(self.model._core.Batch(_tokens(tokens), False), self._execution(threads))

    def _execution(self, threads, shards=8):
        return self.model._core.Execution(threads, shards)


def _tokens(tokens):
    tokens = np.asarray(tokens)
    whole = np.ascontiguousarray(tokens, np.int32) if tokens.dtype.kind in "iu" else None
    if whole is None or not np.array_equal(whole, tokens):
        raise Error(f"tokens have to be whole numbers of 32 bits, found an array of {tokens.dtype}")
    return whole


def _heard(hook, sites, of):
    reads, edits = getattr(hook, "sites", None), getattr(hook, "edits", None)
    if (reads is None) == (edits is None):
        raise Error(f"{hook!r} is no hook: a probe names the sites it hears, probe.sites = ('pattern',), "
                    "an intervention those it edits, .edits = ('pattern',), and none does both")
    names = reads if edits is None else edits
    names, editable = (names,) if isinstance(names, str) else tuple(names), dict(sites)
    for name in names:
        if name not in editable:
            raise Error(f"the model {of} has no site {name!r}; it has {', '.join(editable)}")
        if edits is not None and not editable[name]:
            raise Error(f"the site {name!r} of the model {of} can only be read: nothing depends on it")
    return hook, [list(editable).index(name) for name in names], edits is not None
