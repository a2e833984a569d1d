# SPDX-License-Identifier: MIT
"""The library from Python: a model's type is compiled when it is first asked for, and kept.

    import dormant
    Model = dormant.model("softmax", layers=1, width=64, context=64)
    net, task = Model(seed=1), Model.bigram_backcopy(triggers=3, seed=1)
    losses = net.trainer(task, dormant.adamw(lr=3e-3), batch=16).steps(500)
    net.measure(task.sample(64))["attention_sink.on_background.0"]

docs/python.md says what is copied and what is not, and what it costs.
"""
import collections
import importlib.machinery
import importlib.util
import pathlib

import numpy as np

import dormant_cache
from dormant_cache import CompileError, Error, cache_folder  # noqa: F401

Evaluation = collections.namedtuple("Evaluation", "loss bigram_risk backcopy_risk")
Optimizer = collections.namedtuple("Optimizer", "name values")
SIZES = ("layers", "heads", "width", "vocab", "context", "expansion", "kv_heads", "head_size", "mlp_width")


class NonFinite(Error):
    """Training met a NaN or an infinity; the sentence names the step, the layer and the tensor."""


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


# ---- the glue ----------------------------------------------------------------------------------

_glue_made = None  # the module that knows Python, and what it was made of


def _glue():
    global _glue_made
    stamp = dormant_cache.stamp()
    if _glue_made is None:
        text = f'#include "{dormant_cache.HERE}/module/glue.cpp"\n'
        path = dormant_cache.made("glue", "the glue between Python and the library", text, stamp, flags=("-O1",))
        loader = importlib.machinery.ExtensionFileLoader("dormant_glue", str(path))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("dormant_glue", loader))
        loader.exec_module(module)
        module.report_errors_as(Error, NonFinite)
        _glue_made = module, stamp
    if _glue_made[1] != stamp:
        raise Error("the library's headers have changed since this process read them; start Python anew")
    return _glue_made[0]


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
        for name, value in sizes.items():
            if name not in SIZES or not isinstance(value, (int, np.integer)) or value < 0:
                raise Error(f"dormant.model: {name}={value!r} is no size; sizes are whole numbers, one of "
                            + ", ".join(SIZES))
        self._headers = [pathlib.Path(h).resolve() for h in headers]
        if missing := [str(h) for h in self._headers if not h.is_file()]:
            raise Error(f"dormant.model: there is no header {missing[0]}")
        said = [(name, int(sizes[name])) for name in SIZES if name in sizes]
        shape = ", ".join(f".{name} = {value}" for name, value in said)
        self.name = ", ".join([*words, *(f"{name}={value}" for name, value in said)])
        self.type = f"transformer<{', '.join([f'shape{{{shape}}}', *words])}>"
        self._core, self._stamp = _glue(), dormant_cache.stamp(self._headers)
        check = None if headers else lambda: dormant_cache.check_words(words)
        what = f"the model {self.name}"
        self.path = dormant_cache.made("model", what, self._text("model"), self._stamp, check)
        self._door = self._core.open_model(str(self.path))
        self._hooks_door = None
        self.sizes = self._door.sizes

    def _text(self, kind):
        own = "".join(f'#include "{h}"\n' for h in self._headers)
        return (f'#include "module/{kind}.hpp"\n{own}'
                f"using namespace dormant;\nusing made_net = {self.type};\n"
                f'extern "C" [[gnu::visibility("default")]] python::{kind}_door const* dormant_{kind}() {{\n'
                f"  static python::{kind}_of<made_net> const made;\n  return &made;\n}}\n")

    def _hooks(self):
        if self._hooks_door is None:
            if dormant_cache.stamp(self._headers) != self._stamp:
                raise Error(f"headers have changed since the model {self.name} was made; make it again")
            path = dormant_cache.made("hooks", f"hooks for {self.name}", self._text("hooks"), self._stamp)
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
