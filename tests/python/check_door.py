# SPDX-License-Identifier: MIT
"""The door to Python: bits, memory, hooks written in NumPy, the cache and the sentences.

    python3 check_door.py SAME_BITS [unittest arguments]     # the program of program/same_bits.cpp

Exits with 77 where NumPy, pybind11 or Python's headers are not installed.
"""
import concurrent.futures
import gc
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

try:
    import numpy as np
except ImportError:
    sys.exit(77)

import needed  # exits with 77

needed.check()
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"))
import dormant  # noqa: E402

SAME_BITS = sys.argv.pop(1)
HEADER = pathlib.Path(__file__).with_name("own.hpp")
SIZES = dict(layers=2, heads=2, width=16, context=16)
MODEL = dormant.model("my_rule", headers=[HEADER], **SIZES)
TASK = MODEL.bigram_backcopy(triggers=4, seed=5)
WQ = "layers.0.attention.wq.weight"


def trained():
    net = MODEL(seed=3)
    losses = [net.trainer(TASK, dormant.adamw(lr=lr, rates={"mlp": 0.5}), batch=9).steps(20)
              for lr in (3e-3, 1e-2)]
    return net, np.concatenate(losses)


def hook(call, **where):
    """A function of ours as a hook: `sites` for a probe, `edits` for an intervention."""
    def heard(*arguments):
        return call(*arguments)
    heard.__dict__.update(where)
    return heard


class Bits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.expected = {}
        told = subprocess.run([SAME_BITS], check=True, capture_output=True, text=True).stdout
        for line in told.splitlines():
            name, digits = line.split()
            cls.expected.setdefault(name, []).append(float.fromhex(digits))

    def test_training_and_evaluating_give_the_bits_of_a_program_in_cpp(self):
        net, losses = trained()
        self.assertEqual(losses.tolist(), self.expected["adamw"])
        slow = net.trainer(TASK, dormant.sgd(lr=1e-2), batch=9)
        self.assertEqual(slow.steps(3).tolist(), self.expected["sgd"])
        signs = net.trainer(TASK, dormant.sign_sgd(lr=1e-4), batch=9, shards=3)
        self.assertEqual([signs.step() for _ in range(3)], self.expected["sign_sgd"])
        self.assertEqual(signs.taken, 3)

        rows = TASK.sample(11)
        whole = net.evaluate(rows)
        self.assertEqual([whole.loss], self.expected["loss"])
        self.assertEqual([whole.bigram_risk], self.expected["bigram"])
        self.assertEqual([whole.backcopy_risk], self.expected["backcopy"])
        self.assertEqual([net.measure(rows)["attention_sink.on_background.1.0"]], self.expected["sink"])

        # An intervention in NumPy is the library's, to the bit.
        def without_head(site, layer, z):  # [T, H, D]
            if layer == 1:
                z[:, 0] = 0
        ablated = net.evaluate(rows, hook(without_head, edits=("z",)))
        self.assertEqual([ablated.loss, ablated.backcopy_risk], self.expected["ablated"])
        self.assertNotEqual(ablated.loss, whole.loss)
        self.assertEqual(net.evaluate(rows), whole)

    def test_logits_give_the_loss(self):
        net, _ = trained()
        rows = TASK.sample(5)
        logits = net.logits(rows.tokens[:, :-1])
        self.assertEqual(logits.shape, (5, 16, 67))
        x = logits.astype(np.float64)
        of_targets = np.take_along_axis(x, rows.tokens[:, 1:, None].astype(int), -1)[..., 0]
        nats = np.log(np.exp(x).sum(-1)) - of_targets
        self.assertAlmostEqual(nats.mean(), net.evaluate(rows).loss, places=6)
        self.assertEqual(net.evaluate(MODEL.batch(rows.tokens)).loss, net.evaluate(rows).loss)
        self.assertTrue(np.array_equal(net.logits(rows.tokens[2:3, :7])[0], logits[2, :7]))


class Memory(unittest.TestCase):
    def test_parameters_are_the_memory_of_the_model(self):
        net = MODEL(seed=1)
        wq = net.parameters[WQ]
        self.assertEqual(wq.ctypes.data, net.parameters[WQ].ctypes.data)
        self.assertEqual((wq.shape, wq.dtype), ((16, 16), np.float32))
        self.assertEqual(net.parameters["norm.weight"].shape, (16,))
        before = wq.copy()
        net.trainer(TASK, dormant.adamw(), batch=2).step()
        self.assertFalse(np.array_equal(wq, before))  # the array was taken before the step

        loss = net.evaluate(TASK.sample(3)).loss
        wq *= 3
        self.assertNotEqual(net.evaluate(TASK.sample(3)).loss, loss)
        net.parameters[WQ] = np.zeros((16, 16))
        self.assertFalse(wq.any())

    def test_an_array_and_a_trainer_keep_what_they_look_at(self):
        net = MODEL(seed=1)
        wq, expected = net.parameters[WQ], net.parameters[WQ].copy()
        run = MODEL(seed=2).trainer(MODEL.bigram_backcopy(seed=1), dormant.adamw(), batch=2)
        tokens, same = TASK.sample(3).tokens, TASK.sample(3)
        del net
        gc.collect()
        others = [MODEL(seed=9) for _ in range(8)]  # that would take the place
        self.assertTrue(np.array_equal(wq, expected))
        self.assertEqual(len(run.steps(3)), 3)
        self.assertTrue(np.array_equal(tokens, same.tokens))
        self.assertEqual(len(others), 8)

    def test_a_batch_says_what_it_holds(self):
        rows = TASK.sample(3)
        self.assertEqual((len(rows), rows.tokens.shape, rows.triggers.shape), (3, (3, 17), (3, 16)))
        copied = rows.tokens[:, 2:][rows.triggers[:, 1:]]
        self.assertTrue(np.array_equal(copied, rows.tokens[:, :-2][rows.triggers[:, 1:]]))
        self.assertRaises(ValueError, rows.tokens.__setitem__, (0, 0), 1)
        self.assertFalse(np.array_equal(rows.tokens, TASK.sample(3, draw=1).tokens))


class Hooks(unittest.TestCase):
    def test_a_probe_in_numpy_finds_what_the_library_finds(self):
        net, _ = trained()
        rows = TASK.sample(11)
        seen = []

        def on_s(site, layer, pattern):  # [H, T, T]
            background = ~rows.triggers[site.row, 2:]
            if layer == 1:
                seen.extend(pattern[0, 2:, 0][background].astype(np.float64))
        whole = net.evaluate(rows, hook(on_s, sites="pattern"))
        found = net.measure(rows)
        self.assertAlmostEqual(np.mean(seen), found["attention_sink.on_background.1.0"], delta=1e-12)
        self.assertEqual(whole, net.evaluate(rows))  # measuring changes nothing
        self.assertEqual(whole.backcopy_risk, found["risk.backcopy"])

    def test_every_site_is_shown_in_order_and_cannot_be_written_by_a_probe(self):
        net = MODEL(seed=1)
        heard = []

        def look(site, layer, values):
            heard.append((site, layer, site.row, values.shape))
            self.assertRaises(ValueError, values.__setitem__, ..., 0)
            self.assertRaises(ValueError, values.setflags, write=True)
        net.evaluate(TASK.sample(2), hook(look, sites=tuple(MODEL.sites)))
        self.assertEqual({str(site) for site, *_ in heard}, set(MODEL.sites))
        self.assertEqual([row for *_, row, _ in heard], sorted(row for *_, row, _ in heard))
        self.assertIn(("value_out", 1, 0, (2, 16, 16)), heard)
        self.assertIn(("q", 0, 1, (16, 2, 8)), heard)
        self.assertIn(("norm1_scale", 0, 1, (16, 1)), heard)

    def test_hooks_of_a_site_are_called_in_the_order_given(self):
        net, seen = MODEL(seed=1), []
        probe = hook(lambda site, layer, z: seen.append(float(np.abs(z).sum())), sites="z")
        edit = hook(lambda site, layer, z: z.fill(0), edits=["z"])
        net.evaluate(TASK.sample(1), probe, edit, probe)
        self.assertTrue(seen[0] > 0 and seen[1] == 0, seen)

    def test_what_a_hook_does_wrong_is_said(self):
        net, rows, kept = MODEL(seed=1), TASK.sample(2), []
        keep = hook(lambda site, layer, z: kept.append(z[:, 0]), sites="z")
        with self.assertRaisesRegex(dormant.Error, r"kept the array of the site 'z'.*array\.copy\(\)"):
            net.evaluate(rows, keep)
        with self.assertRaises(ZeroDivisionError):
            net.evaluate(rows, hook(lambda *_: 1 / 0, sites="z"))
        for call, sentence in (
                (hook(print), "is no hook: a probe names the sites it hears"),
                (hook(print, sites="z", edits="z"), "none does both"),
                (hook(print, sites=("patern",)), "has no site 'patern'; it has .*pattern"),
                (hook(print, edits="value_out"), "'value_out' .* can only be read")):
            with self.assertRaisesRegex(dormant.Error, sentence):
                net.evaluate(rows, call)
        self.assertEqual(net.evaluate(rows).loss, MODEL(seed=1).evaluate(rows).loss)


class Sentences(unittest.TestCase):
    def test_what_the_library_refuses_is_an_error_in_python(self):
        net = MODEL(seed=1)
        for call, sentence in (
                (lambda: net.logits([[1, 67]]), "token 67 is outside the vocabulary of 67"),
                (lambda: net.logits(np.zeros((1, 17), int)), "longer than the model's context"),
                (lambda: net.logits([[0.5]]), "whole numbers of 32 bits"),
                (lambda: net.logits([[2**32]]), "whole numbers of 32 bits"),
                (lambda: net.logits([1, 2]), r"expected an array \[rows, tokens\]"),
                (lambda: net.parameters["wq"], "no parameter named 'wq'"),
                (lambda: net.trainer(TASK, dormant.adamw(momentum=1)), "adamw has nothing named 'momentum'"),
                (lambda: net.trainer(TASK, dormant.adamw(), batch=0), "found 0"),
                (lambda: MODEL.bigram_backcopy(copy=2), "between 0 and 1")):
            with self.assertRaisesRegex(dormant.Error, sentence):
                call()
        with self.assertRaisesRegex(dormant.NonFinite, "training stopped at step"):
            net.trainer(TASK, dormant.sgd(lr=1e30), batch=2).steps(5)

    def test_a_misspelt_word_is_said_without_a_compiler(self):
        with self.assertRaisesRegex(dormant.Error, "no word 'sofmax' .* 'softmax'"):
            dormant.model("sofmax")
        with self.assertRaisesRegex(dormant.Error, "depth=1 is no size"):
            dormant.model("softmax", depth=1)

    def test_a_type_that_does_not_compile_says_why(self):
        with self.assertRaisesRegex(dormant.CompileError, "compile:\n  dormant::shape: width must be"):
            dormant.model("softmax", heads=3, width=16)


class Threads(unittest.TestCase):
    def test_a_long_call_lets_other_threads_run(self):
        net, rows = MODEL(seed=1), TASK.sample(10_000)
        longest, stop = [0.0], threading.Event()

        def watch():
            last = time.monotonic()
            while not stop.wait(0.001):
                now = time.monotonic()
                longest[0], last = max(longest[0], now - last), now
        shares = []
        for _ in range(5):  # as the machine may be busy
            stop.clear()
            longest[0] = 0.0
            other = threading.Thread(target=watch)
            other.start()
            begin = time.monotonic()
            net.evaluate(rows, threads=1)
            took = time.monotonic() - begin
            stop.set()
            other.join()
            shares.append(longest[0] / took)
            if shares[-1] < 0.5:
                break
        self.assertLess(min(shares), 0.5)

    def test_models_can_be_trained_by_threads_of_python(self):
        def losses(seed):
            return MODEL(seed=seed).trainer(TASK, dormant.adamw(lr=3e-3), batch=9, threads=1).steps(30).tolist()
        seeds = range(6)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            self.assertEqual(list(pool.map(losses, seeds)), [losses(seed) for seed in seeds])

    def test_training_can_be_interrupted_between_steps(self):
        class Alarm(Exception):
            pass

        def ring(*_):
            if run.taken > 0:
                raise Alarm
        run = MODEL(seed=1).trainer(TASK, dormant.adamw(), batch=2)
        former = signal.signal(signal.SIGALRM, ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
            self.assertRaises(Alarm, run.steps, 10**6)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, former)
        taken = run.taken
        self.assertTrue(0 < taken < 10**6)
        run.step()
        self.assertEqual(run.taken, taken + 1)


if __name__ == "__main__":
    unittest.main()
