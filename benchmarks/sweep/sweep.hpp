// SPDX-License-Identifier: MIT
// The training step over depth, width, context, batch and threads: how cost scales with each.
#pragma once

#include "../train_step.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace dormant::benchmarks {

/// Registers depth `Layers` at this width and context for all batches and threads.
template <std::size_t Layers, std::size_t Width, std::size_t Context>
void add_depth() {
  constexpr shape s{.layers = Layers, .width = Width, .vocab = 67, .context = Context};
  auto const name = "sweep/layers:" + std::to_string(Layers) + "/width:" + std::to_string(Width) +
                    "/context:" + std::to_string(Context);
  for (std::int64_t const threads : {1, 2}) {
    for (std::int64_t const batch : {1, 8, 64, 512}) {
      // Some three quarters of a second at 60 GFLOP/s a thread, but twice at least.
      double const seconds = static_cast<double>(batch * static_cast<std::int64_t>(Context)) *
                             flops_per_token(s) / (6e10 * static_cast<double>(threads));
      auto const steps = static_cast<std::int64_t>(std::clamp(0.75 / seconds, 2.0, 2000.0));
      benchmark::RegisterBenchmark(name.c_str(), train_step<s, softmax, adamw>)
          ->ArgNames({"batch", "threads"})
          ->Args({batch, threads})
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond)
          ->Iterations(steps);
    }
  }
}

template <std::size_t Width, std::size_t Context>
bool add_width() {
  add_depth<1, Width, Context>();
  add_depth<2, Width, Context>();
  add_depth<3, Width, Context>();
  return true;
}

} // namespace dormant::benchmarks
