// SPDX-License-Identifier: MIT
// A whole training step: draw the batch, forward, backward, AdamW. Tokens per second, useful GFLOP/s
// and their share of the FMA peak measured next to them. Best of all iterations: machines are noisy.

#include "fma_peak.hpp"

#include <benchmark/benchmark.h>
#include <dormant/dormant.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

constexpr dm::shape paper{.layers = 1, .width = 256, .vocab = 67, .context = 256};
constexpr dm::shape paper3{.layers = 3, .width = 256, .vocab = 67, .context = 256};
constexpr dm::shape demo{.layers = 1, .width = 64, .vocab = 67, .context = 64};

/// Useful operations of one training step on one token: 6 (12 L C^2 + C V) + 6 L T C, causal
/// attention counted half. Exact algebra does fewer, and is given the same count: what it saves
/// shows as speed. So the share of peak, which is that of float, can pass 1.
double flops_per_token(dm::shape s) {
  auto const L = static_cast<double>(s.layers), C = static_cast<double>(s.width);
  auto const V = static_cast<double>(s.vocab), T = static_cast<double>(s.context);
  return 6 * (12 * L * C * C + C * V) + 6 * L * T * C;
}

template <dm::shape Shape, class Attention, class Optimizer, class... Switches>
void train_step(benchmark::State& state) {
  using clock = std::chrono::steady_clock;
  auto const batch = static_cast<std::size_t>(state.range(0));
  auto const threads = static_cast<std::size_t>(state.range(1));
  auto const task = dm::bigram_backcopy<Shape>({.seed = 1});
  auto net = dm::transformer<Shape, Attention, Switches...>({.seed = 1});
  using arch = typename decltype(net)::arch;
  dm::trainer run(net, task, Optimizer{},
                  dm::schedule{.steps = 1, .batch = batch, .threads = threads});
  run.step();

  double peak = dm::benchmarks::fma_peak<arch, float>();
  std::vector<double> seconds;
  for (auto _ : state) {
    auto const start = clock::now();
    benchmark::DoNotOptimize(run.step());
    std::chrono::duration<double> const spent = clock::now() - start;
    state.SetIterationTime(spent.count());
    seconds.push_back(spent.count());
  }
  peak = std::max(peak, dm::benchmarks::fma_peak<arch, float>());

  std::sort(seconds.begin(), seconds.end());
  auto const tokens = static_cast<double>(batch * Shape.context);
  double const rate = tokens / seconds.front();
  state.counters["tokens/s"] = rate;
  state.counters["tokens/s median"] = tokens / seconds[seconds.size() / 2];
  state.counters["GFLOP/s"] = rate * flops_per_token(Shape) / 1e9;
  state.counters["share of peak"] =
      rate * flops_per_token(Shape) / (peak * static_cast<double>(threads));
  state.counters["threads"] = static_cast<double>(threads);
  state.SetLabel(arch::name());
}

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"batch", "threads"})->UseManualTime()->Unit(benchmark::kMillisecond);
}
void large(benchmark::internal::Benchmark* b) {
  shapes(b);
  b->Args({64, 1})->Args({64, 2})->MinTime(2);
}
void small(benchmark::internal::Benchmark* b) {
  shapes(b);
  b->Args({8, 1})->Args({8, 2})->Args({64, 1})->Args({64, 2})->MinTime(0.5);
}

BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::relu, dm::adamw)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::sgd)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw, dm::merged_projections)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw, dm::factored_embedding)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw, dm::merged_projections,
                   dm::factored_embedding)
    ->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw, dm::bf16)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw, dm::bf16, dm::merged_projections,
                   dm::factored_embedding)
    ->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper3, dm::softmax, dm::adamw)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper3, dm::softmax, dm::adamw, dm::bf16)->Apply(large);
BENCHMARK_TEMPLATE(train_step, demo, dm::softmax, dm::adamw)->Apply(small);
BENCHMARK_TEMPLATE(train_step, demo, dm::softmax, dm::adamw, dm::merged_projections,
                   dm::factored_embedding)
    ->Apply(small);

} // namespace
