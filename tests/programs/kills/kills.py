# SPDX-License-Identifier: MIT
# Kills runs at random moments, takes them up again, and compares with a run that was left alone.
# Also: two writers of one folder, of which one has to be told no.
# Usage: python3 kills.py BIGRAM_BACKCOPY [--kills 20] [--writers 4] [--seed 1]
import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

SETTINGS = ["--batch", "2", "--every", "3", "--checkpoint-every", "7", "--steps", "40", "--seed", "5",
            "--threads", "1", "--no-figures"]
SAME = ["checkpoint.safetensors", "resume.safetensors", "metrics.csv", "bigrams.csv",
        "attention.0.npy", "attention_tokens.npy"]
LONG = "1000"  # steps of a run that another process shall find under way
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT]


def start(words):
    def as_in_a_terminal():  # a shell's background jobs are started with SIGINT ignored
        for which in (signal.SIGINT, signal.SIGHUP):
            signal.signal(which, signal.SIG_DFL)
    return subprocess.Popen([program] + words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True, preexec_fn=as_in_a_terminal)


def run(words):
    process = start(words)
    said = process.communicate()[1]
    return process.returncode, said


def contents(folder, names):
    found = {}
    for name in names:
        path = os.path.join(folder, name)
        found[name] = open(path, "rb").read() if os.path.exists(path) else None
    return found


def how_to_go_on(folder):
    """The command with which a user would take up what a kill left."""
    if not os.path.isdir(folder):
        return ["--out", folder] + SETTINGS
    begun = os.path.exists(os.path.join(folder, "resume.safetensors"))
    if begun:
        return ["--resume", folder, "--no-figures"]
    never_begun["in all"] += 1
    if dice.random() < 0.5:
        return ["--out", folder] + SETTINGS
    if os.path.exists(os.path.join(folder, "run.json")):
        return ["--resume", folder, "--no-figures"]
    return ["--resume", folder] + SETTINGS


def judge(folder, code, said, steps="40"):
    if code != 0:
        problems["neither resume nor restart"].append(f"{folder}: {code}, {said}")
        return
    found = contents(folder, SAME)
    if found != whole[steps]:
        changed = [name for name in SAME if found[name] != whole[steps][name]]
        problems["changed bits"].append(f"{folder}: {changed}")
    extra = sorted(set(os.listdir(folder)) ^ files)
    if extra:
        problems["stale files"].append(f"{folder}: {extra}")


def kill_one(folder):
    """Kills a run once, and in a third of the cases the run that takes it up too."""
    killed = 0
    command = ["--out", folder] + SETTINGS
    while True:
        process = start(command)
        # Half of the kills fall into the time in which a folder is made or taken up.
        time.sleep(dice.uniform(0, early if dice.random() < 0.5 else seconds))
        process.send_signal(dice.choice(SIGNALS))
        process.communicate()
        killed += 1
        command = how_to_go_on(folder)
        if dice.random() < 2 / 3:
            break
    judge(folder, *run(command))
    return killed


def settings(steps):
    return [word if word != "40" else steps for word in SETTINGS]


def two_writers(folder):
    """Two processes begin, or take up, a run in one folder, which takes them a while."""
    command = ["--out", folder] + settings(LONG)
    if dice.random() < 0.5:
        run(["--out", folder] + settings("9"))
        command = ["--resume", folder, "--steps", LONG, "--no-figures"]
    first = start(command)
    time.sleep(dice.uniform(0, early))
    second = start(command)
    said = [first.communicate()[1], second.communicate()[1]]
    codes = [first.returncode, second.returncode]
    if sorted(codes) != [0, 1]:
        problems["two writers"].append(f"{folder}: {codes}, {said}")
        return
    refusal = said[codes.index(1)]
    if refusal.count("\n") != 1 or not ("is being written to by bigram_backcopy, process" in refusal
                                        or "is being written to by another process" in refusal
                                        or "exists already and is not empty" in refusal):
        problems["two writers"].append(f"{folder}: {refusal}")
    judge(folder, 0, "", LONG)


parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--kills", type=int, default=20)
parser.add_argument("--writers", type=int, default=4)
parser.add_argument("--seed", type=int, default=1)
asked = parser.parse_args()
program = os.path.abspath(asked.program)
dice = random.Random(asked.seed)
never_begun = {"in all": 0}
problems = {"neither resume nor restart": [], "changed bits": [], "stale files": [],
            "two writers": []}

with tempfile.TemporaryDirectory() as here:
    whole, seconds = {}, 0
    for steps in (LONG, "40"):
        reference = os.path.join(here, f"whole{steps}")
        begun = time.time()
        code, said = run(["--out", reference] + settings(steps))
        seconds = time.time() - begun
        if code != 0:
            sys.exit(f"the run that was left alone ended with {code}: {said}")
        whole[steps], files = contents(reference, SAME), set(os.listdir(reference))
    early = seconds / 8
    kills = 0
    while kills < asked.kills:
        kills += kill_one(os.path.join(here, f"killed{kills}"))
    for pair in range(asked.writers):
        two_writers(os.path.join(here, f"pair{pair}"))

print(f"{kills} kills of a run of {seconds:.2f} s, {never_begun['in all']} of them before it began; "
      f"{asked.writers} pairs of writers: " +
      ", ".join(f"{len(found)} {what}" for what, found in problems.items()))
for what, found in problems.items():
    for one in found:
        print(f"  {what}: {one}", file=sys.stderr)
sys.exit(any(problems.values()))
