// SPDX-License-Identifier: MIT
// What measuring costs: twenty training steps without hooks against twenty of which one is seen by
// one probe, or by all of them. Taken in turn, so that a drifting machine slows both sides.

#include <benchmark/benchmark.h>
#include <dormant/dormant.hpp>
#include <dormant/statistics.hpp>

#include <chrono>
#include <vector>

namespace dm = dormant;
using dormant::median;

namespace {

constexpr dm::shape demo{.layers = 1, .width = 64, .vocab = 67, .context = 64};
constexpr dm::shape paper{.layers = 1, .width = 256, .vocab = 67, .context = 256};
constexpr std::uint64_t period = 20;

template <class Body>
double seconds(Body body) {
  using clock = std::chrono::steady_clock;
  auto const start = clock::now();
  body();
  return std::chrono::duration<double>(clock::now() - start).count();
}

template <dm::shape Shape, class... Probes>
void overhead(benchmark::State& state) {
  auto const batch = static_cast<std::size_t>(state.range(0));
  auto const task = dm::bigram_backcopy<Shape>({.seed = 1});
  auto net = dm::transformer<Shape, dm::softmax>({.seed = 1});
  dm::trainer run(net, task, dm::adamw{}, dm::schedule{.steps = 1, .batch = batch});
  dm::history log(dm::every{period}, Probes{}...);
  log.due(0);
  run.step(log);

  std::vector<double> ratios, plain_step, heard_step;
  for (auto _ : state) {
    double const plain = seconds([&] { run.step(); });
    double const heard = seconds([&] {
      log.due(0);
      run.step(log);
      log.close();
    });
    plain_step.push_back(plain);
    heard_step.push_back(heard);
    ratios.push_back(heard / plain);
    state.SetIterationTime(plain + heard);
  }
  // Of pairs measured next to each other, the noise cancels.
  double const one = median(ratios);
  state.counters["heard step / plain step"] = one;
  state.counters["overhead of every 20th, %"] = 100 * (one - 1) / static_cast<double>(period);
  state.counters["plain step, ms"] = 1e3 * median(plain_step);
}

void configure(benchmark::internal::Benchmark* b) {
  b->ArgName("batch")->Arg(64)->UseManualTime()->Unit(benchmark::kMillisecond);
}

void one_probe(benchmark::State& state) { overhead<demo, dm::attention_sink>(state); }
void all_probes(benchmark::State& state) {
  overhead<demo, dm::attention_sink, dm::value_drain, dm::residual_peak, dm::sink_logit_gap,
           dm::risk, dm::tensor_norms>(state);
}
void all_probes_paper_shape(benchmark::State& state) {
  overhead<paper, dm::attention_sink, dm::value_drain, dm::residual_peak, dm::sink_logit_gap,
           dm::risk, dm::tensor_norms>(state);
}
BENCHMARK(one_probe)->Apply(configure)->MinTime(2);
BENCHMARK(all_probes)->Apply(configure)->MinTime(2);
BENCHMARK(all_probes_paper_shape)->Apply(configure)->MinTime(4);

} // namespace
