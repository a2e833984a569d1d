# SPDX-License-Identifier: MIT
"""A sweep from a notebook: attention sinks under softmax and under ReLU, seen by a probe written in NumPy,
and cut by an intervention written in NumPy (arXiv 2410.13835). Cells begin with # %%.

    python3 examples/python/sinks.py [--steps 600]
"""
# %% A model's type is compiled when it is first asked for; the next time it is read from the cache.
import sys

import numpy as np

import dormant

STEPS = int(sys.argv[sys.argv.index("--steps") + 1]) if "--steps" in sys.argv else 600
SEEDS = (1, 2, 3)
models = {rule: dormant.model(rule, layers=1, width=64, context=64) for rule in ("softmax", "relu")}


# %% A probe is anything that can be called, and says which sites it hears.
class AttentionOnS:
    """The mean of A[q, <s>] over queries that are no triggers, from the first that could look elsewhere."""

    sites = ("pattern",)

    def __init__(self, batch):
        self.background = ~batch.triggers
        self.sum = self.count = 0

    def __call__(self, site, layer, pattern):  # [H, T query, T key], the library's memory, read-only
        weights = pattern[:, 2:, 0][:, self.background[site.row, 2:]]
        self.sum += weights.sum(dtype=np.float64)
        self.count += weights.size


# %% An intervention is given the same memory to write.
def cut_s(site, layer, pattern):
    """No query attends to <s>, except <s>."""
    pattern[:, 1:, 0] = 0


cut_s.edits = ("pattern",)

# %% Train every rule from every seed, and measure.
curves, found = {}, {}
for rule, Model in models.items():
    for seed in SEEDS:
        task, net = Model.bigram_backcopy(triggers=3, seed=seed), Model(seed=seed)
        trainer = net.trainer(task, dormant.adamw(lr=3e-3), batch=16)
        batch, curve = task.sample(128), []
        for _ in range(10):
            trainer.steps(STEPS // 10)
            curve.append(net.measure(batch)["attention_sink.on_background.0"])
        probe = AttentionOnS(batch)
        whole = net.evaluate(batch, probe)
        cut = net.evaluate(batch, cut_s)
        numbers = net.measure(batch)
        assert abs(probe.sum / probe.count - numbers["attention_sink.on_background.0"]) < 1e-6
        curves[rule, seed] = curve
        found[rule, seed] = (curve[-1], numbers["value_drain.ratio.0"],
                             whole.bigram_risk, whole.backcopy_risk,
                             cut.bigram_risk - whole.bigram_risk, cut.backcopy_risk - whole.backcopy_risk)

# %% The numbers, one line a model. Risks in nats; the last two say what cutting the sink does to them.
print(f"after {STEPS // 10 * 10} steps; attention of queries that are no triggers")
print("rule     seed  attention  value norm       risk          risk without attention on <s>")
print("               on <s>     <s> / others  bigram  backcopy     bigram  backcopy")
for (rule, seed), row in found.items():
    print("{:8} {:4}  {:9.2f}  {:12.2f}  {:6.3f}  {:8.3f}     {:+6.3f}  {:+8.3f}".format(rule, seed, *row))

# %% A picture, where matplotlib is installed.
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("no picture: matplotlib is not installed")
else:
    steps = np.arange(1, 11) * (STEPS // 10)
    for (rule, seed), curve in curves.items():
        plt.plot(steps, curve, color="C0" if rule == "softmax" else "C1",
                 label=rule if seed == SEEDS[0] else None)
    plt.xlabel("steps")
    plt.ylabel("attention on <s> from non-triggers")
    plt.legend()
    plt.savefig("sinks.svg")
    print("sinks.svg")
