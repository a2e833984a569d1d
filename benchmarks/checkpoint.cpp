// SPDX-License-Identifier: MIT
// What keeping a run on disk costs: writing and reading `resume.safetensors` (parameters and both
// moments of AdamW), beside one training step of batch 64.

#include <benchmark/benchmark.h>
#include <dormant/checkpoint.hpp>
#include <dormant/dormant.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace dm = dormant;

namespace {

constexpr dm::shape demo{.layers = 1, .width = 64, .vocab = 67, .context = 64};
constexpr dm::shape paper3{.layers = 3, .width = 256, .vocab = 67, .context = 256};

/// A folder of this process, gone afterwards.
struct scratch {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("dormant-benchmark-" + std::to_string(::getpid()));
  scratch() { std::filesystem::create_directories(path); }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch() { std::filesystem::remove_all(path); }
};

template <dm::shape Shape, bool Write>
void checkpoint(benchmark::State& state) {
  using clock = std::chrono::steady_clock;
  using net_type = dm::transformer<Shape, dm::softmax>;
  scratch const folder;
  auto const file = folder.path / "resume.safetensors";
  auto const task = dm::bigram_backcopy<Shape>({.seed = 1});
  net_type net({.seed = 1});
  dm::trainer run(net, task, dm::adamw{}, dm::schedule{.steps = 1, .batch = 64});
  run.step();
  auto const start = clock::now();
  run.step();
  double const step = std::chrono::duration<double>(clock::now() - start).count();
  dm::save_run<net_type>(file, run.state(), {});

  double spent = 0;
  for (auto _ : state) {
    auto const begin = clock::now();
    if constexpr (Write) {
      dm::save_run<net_type>(file, run.state(), {});
    } else {
      dm::load_run(file, run, {});
    }
    double const seconds = std::chrono::duration<double>(clock::now() - begin).count();
    spent += seconds;
    state.SetIterationTime(seconds);
  }
  double const mean = spent / static_cast<double>(state.iterations());
  auto const bytes = static_cast<double>(std::filesystem::file_size(file));
  state.counters["MB"] = bytes / 1e6;
  state.counters["MB/s"] = bytes / 1e6 / mean;
  state.counters["steps of batch 64"] = mean / step;
}

void written(benchmark::internal::Benchmark* b) {
  b->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(0.5);
}
BENCHMARK_TEMPLATE(checkpoint, demo, true)->Apply(written)->Name("save/demo");
BENCHMARK_TEMPLATE(checkpoint, demo, false)->Apply(written)->Name("resume/demo");
BENCHMARK_TEMPLATE(checkpoint, paper3, true)->Apply(written)->Name("save/paper, 3 layers");
BENCHMARK_TEMPLATE(checkpoint, paper3, false)->Apply(written)->Name("resume/paper, 3 layers");

} // namespace
