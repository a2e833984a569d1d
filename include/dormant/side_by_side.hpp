// SPDX-License-Identifier: MIT
// Many small runs at once, one a core: seeds, sweeps. A small model keeps one core busy better than
// it shares two.
#pragma once

#include "dormant/detail/thread_pool.hpp"
#include "dormant/seeds.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dormant {

/// Calls `f(i)` once for each i in [0, runs), as many at a time as the machine has cores. Give each
/// run `{.threads = 1, .shards = 1}`: no waiting within a step, and one gradient in the cache.
/// Write results to places of their own; the order in which runs end is not fixed, their bits are.
/// Within a run, `.threads = 0` (and so `net.evaluate`) means that run's share of the cores: four
/// at a time on eight cores have two each. So it is within a run of a run.
/// \param threads how many at a time; 0: as many as the machine has
/// \throws what the first run that failed has thrown, after the runs under way have ended
template <class F>
void side_by_side(std::size_t runs, F&& f, std::size_t threads = 0) {
  if (threads == 0) threads = detail::cores();
  detail::thread_pool pool(std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(1, runs)));
  pool.run(runs, [&](std::size_t run, std::size_t) { f(run); });
}

/// Calls `f(seeds, i)` for each of `runs`, as above: `side_by_side(crossed_seeds({}, 8, 8), ...)`.
template <class F>
void side_by_side(std::vector<seeds> const& runs, F&& f, std::size_t threads = 0) {
  side_by_side(
      runs.size(), [&](std::size_t i) { f(runs[i], i); }, threads);
}

} // namespace dormant
