#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What more cores would bring: the queue of a training step, simulated.

    python3 benchmarks/many_cores.py

Threads take shards of the batch from one queue, as batch_pass.hpp does; between the phases of a step
all wait for the last. What one job of each phase takes was profiled at the paper's shape on a Zen 4
core; waking a thread is a guess; every job lasts up to --noise longer by chance. Memory bandwidth and
clocks are taken to scale, so this is an upper bound.
"""
import argparse
import heapq
import random


def phase(jobs, threads, noise, wake):
    """When the last thread is done: each takes the next job as soon as it is free."""
    free = [wake * (thread > 0) for thread in range(threads)]
    heapq.heapify(free)
    for job in jobs:
        heapq.heappush(free, heapq.heappop(free) + job * (1 + noise * random.random()))
    return max(free)


def step(batch, shards, threads, costs, noise, wake):
    shards = min(shards, batch)
    sizes = [(s + 1) * batch // shards - s * batch // shards for s in range(shards)]
    sums = max(1, round(costs.parameters / 16384))
    return sum((
        phase([costs.draw] * batch, threads, noise, wake),
        phase([costs.pack] * 7, threads, noise, wake),
        phase([n * costs.sequence for n in sizes], threads, noise, wake),
        phase([costs.reduce * shards] * sums, threads, noise, wake),
        phase([costs.update] * sums, threads, noise, wake)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--sequence", type=float, default=13400, help="forward and backward, us")
    parser.add_argument("--draw", type=float, default=22, help="drawing one sequence, us")
    parser.add_argument("--pack", type=float, default=80, help="packing one matrix, us")
    parser.add_argument("--reduce", type=float, default=2,
                        help="adding 16384 elements of one shard, us")
    parser.add_argument("--update", type=float, default=10, help="updating 16384 parameters, us")
    parser.add_argument("--parameters", type=int, default=870_000)
    parser.add_argument("--wake", type=float, default=8, help="waking the threads of a phase, us")
    parser.add_argument("--noise", type=float, default=0.05)
    arguments = parser.parse_args()
    random.seed(1)

    for batch in (64, 512):
        print(f"batch {batch}: speedup over one thread, by number of shards")
        print("  threads " + "".join(f"{shards:>8}" for shards in (8, 16, 32, 64)))
        for threads in (1, 2, 4, 8, 16):
            cells = []
            for shards in (8, 16, 32, 64):
                alone, many = (sum(step(batch, shards, n, arguments, arguments.noise,
                                        arguments.wake) for _ in range(20)) for n in (1, threads))
                cells.append(f"{alone / many:8.2f}")
            print(f"  {threads:7} " + "".join(cells))


if __name__ == "__main__":
    main()
