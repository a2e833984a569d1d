// SPDX-License-Identifier: MIT
// Trains small models and writes all that came of it, bit by bit, into a file for each rank:
//   same_bits FOLDER THREADS           in one process, without MPI
//   same_bits FOLDER THREADS --ranks   over all ranks
// run.sh compares the files.
#include "dormant/dormant.hpp"
#include "dormant/fast/factored_embedding.hpp"
#include "dormant/fast/merged_projections.hpp"
#include "dormant/intervention/cap_attention.hpp"
#include "dormant/mpi/train.hpp"
#include "dormant/optimizer/clipped.hpp"
#include "dormant/probe/record.hpp"

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>

namespace dm = dormant;

namespace {

// C 20, T 13: multiples of no vector width.
constexpr dm::shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
constexpr dm::shape one_head{.layers = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};

struct where {
  dm::mpi::group* ranks; // none: one process
  std::size_t threads;
  std::ofstream& out;

  template <class X>
  void write(X const* data, std::size_t n) const {
    out.write(reinterpret_cast<char const*>(data), static_cast<std::streamsize>(n * sizeof *data));
  }
};

/// Trains, and writes every number that is then there.
template <class Run, class Net, class Task, class RunToEnd>
void train(where const& w, Run& run, Net const& net, Task const& task, RunToEnd run_to_end) {
  dm::history log(dm::every{7}, dm::attention_sink{}, dm::value_drain{}, dm::residual_peak{},
                  dm::risk{});
  dm::record<dm::site::pattern> seen;
  dm::when rarely(dm::every{20}, seen);
  dm::cap_attention const capped{.layer = 1, .most = 0.4};
  auto const result = run_to_end(run, log, capped, rarely);
  w.write(&result.loss, 1);
  w.write(net.parameters().data(), net.parameters().size());
  run.each_moment([&](auto, auto const& moment) { w.write(moment.data(), moment.size()); });
  for (auto const& row : log.rows()) {
    for (auto const& [name, value] : row.cells()) w.write(&value, 1);
  }
  auto const bytes = dm::to_bytes(seen);
  w.write(bytes.data(), bytes.size());
  for (std::size_t const rows : {1U, 5U, 40U}) {
    auto const found = run.evaluate(task.sample(rows));
    w.write(&found.loss, 1);
    w.write(&found.bigram_risk, 1);
  }
}

template <class Net, class Optimizer>
void train(where const& w, Optimizer const& optimizer, dm::schedule plan) {
  using task_type = dm::bigram_backcopy<Net::model::shape>;
  task_type const task({.seed = 3});
  Net net({.seed = 2});
  plan.threads = w.threads;
  if (w.ranks == nullptr) {
    dm::trainer<Net, task_type, Optimizer> run(net, task, optimizer, plan);
    train(w, run, net, task, [&](auto& own, auto&... hooks) { return dm::run(own, hooks...); });
  } else {
    dm::mpi::trainer<Net, task_type, Optimizer> run(net, task, optimizer, plan, *w.ranks);
    train(w, run, net, task,
          [&](auto& own, auto&... hooks) { return dm::mpi::run(*w.ranks, own, hooks...); });
  }
}

void train_all(where const& w) {
  using plain = dm::transformer<small, dm::softmax>;
  // What is gathered for each token beside the gradients, and a scale that needs all of them.
  using fast =
      dm::transformer<one_head, dm::softmax, dm::merged_projections, dm::factored_embedding>;
  dm::clipped const adam{dm::adamw{.lr = 3e-3}, dm::clip{.norm = 0.5}};
  train<plain>(w, adam, {.steps = 50, .batch = 16});
  train<plain>(w, adam, {.steps = 10, .batch = 7, .shards = 5});
  train<plain>(w, adam, {.steps = 5, .batch = 2, .shards = 8});
  train<plain>(w, adam, {.steps = 5, .batch = 3, .shards = 1});
  train<fast>(w, adam, {.steps = 20, .batch = 9});
}

} // namespace

int main(int argc, char** argv) {
  std::string const folder = argv[1];
  std::size_t const threads = std::strtoul(argv[2], nullptr, 10);
  if (argc == 3) {
    std::ofstream out(folder + "/alone", std::ios::binary);
    train_all({nullptr, threads, out});
    return out ? 0 : 1;
  }
  dm::mpi::session world(argc, argv);
  std::ofstream out(folder + "/rank." + std::to_string(world.rank()), std::ios::binary);
  train_all({&world, threads, out});
  return out ? 0 : 1;
}
