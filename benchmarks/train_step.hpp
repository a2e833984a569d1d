// SPDX-License-Identifier: MIT
// A whole training step as a benchmark: draw the batch, forward, backward, optimizer. Best of all
// iterations and their median: machines are noisy.
#pragma once

#include "fma_peak.hpp"
#include "label.hpp"
#include "memory.hpp"

#include <benchmark/benchmark.h>
#include <dormant/dormant.hpp>
#include <dormant/statistics.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace dormant::benchmarks {

/// Useful operations of one training step on one token: 6 (12 L C^2 + C V) + 6 L T C, causal
/// attention counted half. Exact algebra does fewer, and is given the same count: what it saves
/// shows as speed. So the share of peak, which is that of float, can pass 1.
constexpr double flops_per_token(shape s) {
  auto const L = static_cast<double>(s.layers), C = static_cast<double>(s.width);
  auto const V = static_cast<double>(s.vocab), T = static_cast<double>(s.context);
  return 6 * (12 * L * C * C + C * V) + 6 * L * T * C;
}

template <shape Shape, class Attention, class Optimizer, class... Switches>
void train_step(benchmark::State& state) {
  using clock = std::chrono::steady_clock;
  auto const batch = static_cast<std::size_t>(state.range(0));
  auto const threads = static_cast<std::size_t>(state.range(1));
  peak_memory const memory;
  auto const task = bigram_backcopy<Shape>({.seed = 1});
  auto net = transformer<Shape, Attention, Switches...>({.seed = 1});
  using arch = typename decltype(net)::arch;
  trainer run(net, task, Optimizer{}, schedule{.steps = 1, .batch = batch, .threads = threads});
  run.step();

  double peak = fma_peak<arch, float>();
  std::vector<double> seconds;
  for (auto _ : state) {
    auto const start = clock::now();
    benchmark::DoNotOptimize(run.step());
    std::chrono::duration<double> const spent = clock::now() - start;
    state.SetIterationTime(spent.count());
    seconds.push_back(spent.count());
  }
  peak = std::max(peak, fma_peak<arch, float>());

  auto const tokens = static_cast<double>(batch * Shape.context);
  double const rate = tokens / *std::min_element(seconds.begin(), seconds.end());
  state.counters["tokens/s"] = rate;
  state.counters["tokens/s median"] = tokens / median(seconds);
  state.counters["GFLOP/s"] = rate * flops_per_token(Shape) / 1e9;
  state.counters["share of peak"] =
      rate * flops_per_token(Shape) / (peak * static_cast<double>(threads));
  state.counters["peak MB"] = memory.bytes() / 1e6;
  state.counters["threads"] = static_cast<double>(threads);
  state.SetLabel(label_of<decltype(net)>());
}

} // namespace dormant::benchmarks
