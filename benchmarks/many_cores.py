#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What more cores would bring: the queue of a training step, simulated.

    python3 benchmarks/many_cores.py
    python3 benchmarks/many_cores.py --ranks --latency 2 --bandwidth 12

Threads take shards of the batch from one queue, as batch_pass.hpp does; between the phases of a step
all wait for the last. What one job of each phase takes was profiled at the paper's shape on a Zen 4
core; waking a thread is a guess; every job lasts up to --noise longer by chance. Memory bandwidth and
clocks are taken to scale, so this is an upper bound.

With --ranks the shards are spread over processes with --threads cores each, as mpi/team.hpp does, which
exchange gradients over a network. Latency and bandwidth are by default those that benchmarks/mpi/messages
found for two processes on one machine of two busy cores: its shared memory, no network. Every rank draws
the whole batch and takes the whole optimizer step.
"""
import argparse
import heapq
import math
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


def exchange(shards, ranks, costs):
    """What a step waits for messages, us: see mpi/slice_sum.hpp and mpi/notes.hpp."""
    if ranks == 1:
        return 0
    bytes_per_us = costs.bandwidth * 1000
    hops = math.ceil(math.log2(ranks))
    others = 4 * costs.parameters * (ranks - 1) / ranks / bytes_per_us # all but one's own slice
    notes = hops * costs.latency + ranks * (32 + 8 * math.ceil(shards / ranks)) / bytes_per_us
    # A round for each shard that a rank has: a slice of it to every other rank.
    slices = math.ceil(shards / ranks) * (costs.latency + (ranks - 1) * costs.message + others)
    sums = hops * costs.latency + others
    return notes + slices + sums + 2 * hops * costs.latency # and whether all of it is finite


def step_over_ranks(batch, shards, ranks, costs):
    """The slowest rank's step, us."""
    shards = min(shards, batch)
    sums = max(1, round(costs.parameters / 16384))
    share = [(r + 1) * shards // ranks - r * shards // ranks for r in range(ranks)]
    noise, wake, threads = costs.noise, costs.wake, costs.threads
    own = max(phase([batch / shards * costs.sequence] * n, threads, noise, wake) for n in share)
    return (
        phase([costs.draw] * batch, threads, noise, wake) +
        phase([costs.pack] * 7, threads, noise, wake) +
        own +
        phase([costs.reduce * shards] * math.ceil(sums / ranks), threads, noise, wake) +
        phase([costs.update] * sums, threads, noise, wake) +
        exchange(shards, ranks, costs))


def tell_ranks(batch, costs):
    columns = [shards for shards in (8, 64, 512) if shards <= batch]
    print(f"batch {batch}, {costs.threads} threads a rank: speedup over one rank of one thread, and the "
          "share of a step that is messages, by number of shards (64 are the most there can be today)")
    print("    ranks " + "".join(f"{shards:>16}" for shards in columns))
    for ranks in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000):
        cells = []
        for shards in columns:
            alone = sum(step(batch, shards, 1, costs, costs.noise, costs.wake) for _ in range(3)) / 3
            many = sum(step_over_ranks(batch, shards, ranks, costs) for _ in range(3)) / 3
            cells.append(f"{alone / many:8.1f} {exchange(shards, ranks, costs) / many:6.1%}")
        print(f"  {ranks:7} " + "".join(f"{cell:>16}" for cell in cells))


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
    parser.add_argument("--ranks", action="store_true", help="processes over a network instead")
    parser.add_argument("--threads", type=int, default=1, help="of each rank")
    parser.add_argument("--latency", type=float, default=0.4,
                        help="of a small message, us; here of shared memory")
    parser.add_argument("--message", type=float, default=0.5,
                        help="what sending one message costs a rank besides, us, a guess")
    parser.add_argument("--bandwidth", type=float, default=0.6,
                        help="of one rank while all exchange, GB/s; here of shared memory")
    arguments = parser.parse_args()
    random.seed(1)

    for batch in (64, 512):
        if arguments.ranks:
            tell_ranks(batch, arguments)
            continue
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
