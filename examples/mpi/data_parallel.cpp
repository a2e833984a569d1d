// SPDX-License-Identifier: MIT
// One training run over all ranks of MPI, `mpirun -n 4 data_parallel`: the demo's model, with its
// sinks measured on the way, and the same files, bit for bit, for any number of ranks and threads.
#include "common/command_line.hpp"
#include "demo/setting.hpp"

#include <dormant/checkpoint.hpp>
#include <dormant/dormant.hpp>
#include <dormant/io/csv.hpp>
#include <dormant/mpi/train.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

using net_type =
    dm::transformer<demo::shape,
                    dm::stack<dm::mlp_block<>, dm::block<dm::softmax>, dm::mlp_block<>>>;

struct setting {
  std::uint64_t steps = 400, batch = 64, shards = 8, threads = 0, seed = 1, save_every = 100;
  std::string out = "out/data_parallel";
};

void write_history(std::filesystem::path const& path, std::vector<dm::probe_row> const& rows) {
  std::vector<std::string> names;
  for (auto const& [name, value] : rows.front().cells()) names.push_back(name);
  dm::csv_table table(names);
  for (auto const& row : rows) {
    std::vector<dm::csv_cell> cells;
    for (auto const& [name, value] : row.cells()) cells.emplace_back(value);
    table.append(cells);
  }
  table.write(path);
}

int train(dm::mpi::session& world, setting const& how) {
  std::filesystem::path const out = how.out;
  auto const task = dm::bigram_backcopy<demo::shape>({.seed = how.seed});
  net_type net({.seed = how.seed});
  dm::adamw const optimizer{.lr = 3e-3};
  dm::schedule const plan{
      .steps = how.steps, .batch = how.batch, .threads = how.threads, .shards = how.shards};

  // Probes of the forward pass listen on every rank, to that rank's shards, and then all of them
  // know what one process would; what prints and writes hears the first rank alone.
  dm::history log(dm::every{20}, dm::attention_sink{}, dm::value_drain{}, dm::residual_peak{},
                  dm::risk{});
  dm::run_identity const identity{{"seed", std::to_string(how.seed)},
                                  {"batch", std::to_string(how.batch)},
                                  {"shards", std::to_string(how.shards)}};
  dm::checkpoints<net_type> saved(out, {how.save_every}, identity);
  dm::progress bar;
  dm::stop_on_interrupt stop;
  dm::mpi::at_first saved_once(world, saved);
  dm::mpi::at_first bar_once(world, bar);

  // What one rank throws in here, a full disk say, all throw, so that nobody waits for it.
  auto const result = world.together([&] {
    if (world.first()) std::filesystem::create_directories(out);
    dm::mpi::trainer<net_type, decltype(task), dm::adamw> run(net, task, optimizer, plan, world);
    auto const found = dm::mpi::run(world, run, log, saved_once, bar_once, stop);
    if (world.first()) {
      write_history(out / "history.csv", log.rows());
      saved.save(run.state());
      std::printf("%llu steps on %zu ranks, loss %.4f nats: %s\n",
                  static_cast<unsigned long long>(found.steps), world.ranks(), found.loss,
                  out.c_str());
    }
    return found;
  });
  return result.interrupted ? program::interrupted : program::success;
}

} // namespace

int main(int argc, char** argv) {
  setting how;
  program::command_line options(
      "data_parallel", "Trains the demo's model over all ranks: mpirun -n 4 data_parallel.");
  options.count("--steps", how.steps, "training steps");
  options.count("--batch", how.batch, "sequences in each step's batch, of all ranks together",
                program::of_a_batch);
  options.count(
      "--shards", how.shards,
      "parts that a batch is cut into, which decide the last bits; ranks beyond them idle",
      {.most = 64});
  options.count("--threads", how.threads,
                "of each rank, 0 for its part of the machine; never changes the numbers",
                program::of_threads);
  options.count("--seed", how.seed, "of parameters and data", program::a_seed);
  options.count("--save-every", how.save_every, "steps between two checkpoints");
  options.text("--out", how.out, "folder for history.csv and checkpoints", "DIR");
  return options.run(argc, argv, [&] {
    dm::mpi::session world(argc, argv);
    try {
      return world.together([&] { return train(world, how); }); // what one rank throws, all throw
    } catch (...) {
      if (world.first()) throw; // to be said once
      return static_cast<int>(program::failure);
    }
  });
}
