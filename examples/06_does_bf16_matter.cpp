// SPDX-License-Identifier: MIT
// Do sinks, drains and peaks form in the same way when products round their operands to eight bits?
// The same seeds in float and in bf16, measured all along; differences of medians against the spread
// over seeds.
#include "common/command_line.hpp"

#include <dormant/dormant.hpp>
#include <dormant/io/csv.hpp>
#include <dormant/statistics.hpp>
#include <dormant/variants.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace dm = dormant;

constexpr dm::shape shape{.layers = 3, .heads = 1, .width = 64, .vocab = 67, .context = 64};
using blocks = dm::stack<dm::mlp_block<>, dm::block<dm::softmax>, dm::mlp_block<>>;

struct in_float {
  static constexpr std::string_view name = "float";
  using net = dm::transformer<shape, blocks>;
};
struct in_bf16 {
  static constexpr std::string_view name = "bf16";
  using net = dm::transformer<shape, blocks, dm::bf16>;
};
constexpr auto arithmetics = dm::variants<in_float, in_bf16>;

// What is compared, and what the probes call it.
struct quantity {
  char const* name;
  char const* column;
};
constexpr std::array<quantity, 3> quantities = {
    {{"attention on <s>", "attention_sink.mean.1"},
     {"value norm of <s> / others", "value_drain.ratio.1"},
     {"residual norm of <s> / others", "residual_peak.ratio.0"}}};

using curve = std::vector<std::array<double, 1 + quantities.size()>>; // step, quantities

int main(int argc, char** argv) {
  std::uint64_t steps = 1500, seeds = 5, first = 1, threads = 0;
  std::string out;
  program::command_line options("06_does_bf16_matter",
                                "Trains the same seeds in float and in bf16 and compares.");
  options.count("--steps", steps, "training steps of each run");
  options.count("--seeds", seeds, "runs of each", program::of_runs);
  options.count("--seed", first, "the first of the seeds", program::a_seed);
  options.count("--threads", threads, "runs at a time, 0 for as many as there are cores",
                program::of_threads);
  options.text("--out", out, "also write one row a measurement to this CSV file", "FILE");
  return options.run(argc, argv, [&] {
    if (!out.empty()) dm::atomic_file const is_writable(out); // found out now, not after training
    dm::csv_table table({"arithmetic", "seed", "step", quantities[0].column, quantities[1].column,
                         quantities[2].column});
    std::array<std::vector<curve>, 2> curves; // [float, bf16][seed]
    std::size_t which = 0;
    auto const train = [&]<class Arithmetic>() {
      auto& of_seed = curves[which++];
      of_seed.resize(seeds);
      auto const one = [&](std::size_t run) {
        auto const task = dm::bigram_backcopy<shape>({.seed = first + run});
        typename Arithmetic::net net({.seed = first + run});
        dm::history log(dm::every{std::max<std::uint64_t>(1, steps / 10)}, dm::attention_sink{},
                        dm::value_drain{}, dm::residual_peak{});
        dm::train(net, task, dm::adamw{.lr = 3e-3},
                  {.steps = steps, .batch = 8, .threads = 1, .shards = 1}, log);
        for (auto const& row : log.rows()) {
          auto& now = of_seed[run].emplace_back();
          now[0] = row["step"];
          for (std::size_t i = 0; i < quantities.size(); ++i)
            now[i + 1] = row[quantities[i].column];
        }
        std::fprintf(stderr, "%s, seed %zu: done\n", Arithmetic::name.data(), first + run);
      };
      dm::side_by_side(seeds, one, threads);
      for (std::size_t run = 0; run < seeds; ++run) {
        for (auto const& now : of_seed[run]) {
          table.append({Arithmetic::name, first + run, static_cast<std::uint64_t>(now[0]), now[1],
                        now[2], now[3]});
        }
      }
    };
    dm::for_each_variant(train, arithmetics);

    std::printf(
        "over the second half of training, medians of %zu seeds and their 10 to 90%% range\n",
        static_cast<std::size_t>(seeds));
    for (std::size_t i = 0; i < quantities.size(); ++i) {
      std::array<std::vector<double>, 2> late; // each seed's mean
      for (std::size_t a = 0; a < 2; ++a) {
        for (auto const& c : curves[a]) {
          double sum = 0;
          for (std::size_t n = c.size() / 2; n < c.size(); ++n) sum += c[n][i + 1];
          late[a].push_back(sum / static_cast<double>(c.size() - c.size() / 2));
        }
      }
      auto const middle = std::pair(dm::median(late[0]), dm::median(late[1]));
      std::printf("%-30s float %.3f, bf16 %.3f: they differ by %.3f, seeds by %.3f\n",
                  quantities[i].name, middle.first, middle.second,
                  std::abs(middle.second - middle.first),
                  dm::quantile(late[0], 0.9) - dm::quantile(late[0], 0.1));
    }
    if (!out.empty()) table.write(out);
    return 0;
  });
}
