// SPDX-License-Identifier: MIT
// The demo's model, where people sweep seeds: one run on one thread, on all, and as many runs side
// by side as there are cores. Time of a step, steps a second of all runs together, and how long
// twenty runs of 1500 steps would take at that rate.

#include "fma_peak.hpp"
#include "label.hpp"

#include <benchmark/benchmark.h>
#include <dormant/dormant.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace dm = dormant;

namespace {

constexpr dm::shape demo{.layers = 3, .heads = 1, .width = 64, .vocab = 67, .context = 64};
using plain =
    dm::transformer<demo, dm::stack<dm::mlp_block<>, dm::block<dm::softmax>, dm::mlp_block<>>>;
using in_bf16 =
    dm::transformer<demo, dm::stack<dm::mlp_block<>, dm::block<dm::softmax>, dm::mlp_block<>>,
                    dm::bf16>;
using task = dm::bigram_backcopy<demo>;

/// Three MLPs of 8 C^2, one attention of 4 C^2 and, halved by causality, 2 T C / 2, and the output.
constexpr double flops_per_token() {
  double const C = demo.width, V = demo.vocab, T = demo.context;
  return 6 * (3 * 8 * C * C + 4 * C * C + C * V) + 6 * T * C;
}

template <class Net>
struct one_run {
  task data;
  Net model;
  dm::trainer<Net, task, dm::adamw> steps;

  one_run(std::uint64_t seed, std::size_t batch, std::size_t threads, std::size_t shards)
      : data({.seed = seed}), model({.seed = seed}),
        steps(model, data, dm::adamw{.lr = 3e-3},
              {.steps = 1, .batch = batch, .threads = threads, .shards = shards}) {
    steps.step(); // warms up
  }
};

/// Times `take(steps)`, where `runs` runs take that many steps each.
template <class Net, class Take>
void report(benchmark::State& state, std::size_t runs, std::size_t threads, Take take) {
  using clock = std::chrono::steady_clock;
  constexpr std::size_t steps = 25;
  double peak = dm::benchmarks::fma_peak<plain::arch, float>();
  double best = 1e9;
  for (auto _ : state) {
    auto const start = clock::now();
    take(steps);
    std::chrono::duration<double> const spent = clock::now() - start;
    state.SetIterationTime(spent.count());
    best = std::min(best, spent.count());
  }
  peak = std::max(peak, dm::benchmarks::fma_peak<plain::arch, float>());
  double const rate = static_cast<double>(runs * steps) / best; // steps a second of all runs
  double const flops =
      rate * static_cast<double>(state.range(0)) * demo.context * flops_per_token();
  state.counters["us a step"] = 1e6 * static_cast<double>(runs) / rate;
  state.counters["steps/s"] = rate;
  state.counters["GFLOP/s"] = flops / 1e9;
  state.counters["share of peak"] = flops / (peak * static_cast<double>(threads));
  state.counters["s for 20 runs"] = 20 * 1500 / rate;
  state.counters["threads"] = static_cast<double>(threads);
  state.SetLabel(dm::benchmarks::label_of<Net>());
}

std::size_t cores() { return std::max(1U, std::thread::hardware_concurrency()); }

template <class Net>
void alone(benchmark::State& state, std::size_t threads, std::size_t shards) {
  one_run<Net> run(1, static_cast<std::size_t>(state.range(0)), threads, shards);
  report<Net>(state, 1, threads, [&](std::size_t steps) {
    for (std::size_t i = 0; i < steps; ++i) run.steps.step();
  });
}
template <class Net>
void on_one_core(benchmark::State& state) {
  alone<Net>(state, 1, 1);
}
template <class Net>
void on_all_cores(benchmark::State& state) {
  alone<Net>(state, cores(), 8);
}

template <class Net>
void side_by_side(benchmark::State& state) {
  std::vector<std::unique_ptr<one_run<Net>>> runs;
  for (std::size_t i = 0; i < cores(); ++i) {
    runs.push_back(
        std::make_unique<one_run<Net>>(i + 1, static_cast<std::size_t>(state.range(0)), 1, 1));
  }
  report<Net>(state, runs.size(), cores(), [&](std::size_t steps) {
    dm::side_by_side(runs.size(), [&](std::size_t i) {
      for (std::size_t n = 0; n < steps; ++n) runs[i]->steps.step();
    });
  });
}

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgName("batch")->Arg(8)->Arg(16)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
}
BENCHMARK_TEMPLATE(on_one_core, plain)->Apply(shapes);
BENCHMARK_TEMPLATE(on_all_cores, plain)->Apply(shapes);
BENCHMARK_TEMPLATE(side_by_side, plain)->Apply(shapes);
BENCHMARK_TEMPLATE(on_one_core, in_bf16)->Apply(shapes);
BENCHMARK_TEMPLATE(side_by_side, in_bf16)->Apply(shapes);

} // namespace
