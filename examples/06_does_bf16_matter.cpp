// SPDX-License-Identifier: MIT
// Do sinks, drains and peaks form in the same way when products round their operands to eight bits?
// The same seeds in float and in bf16, and a margin chosen beforehand: the two are
// equivalent if the interval of their mean difference lies inside it. Where bf16 has
// no instructions it is left out.
#include "common/command_line.hpp"

#include <dormant/dormant.hpp>
#include <dormant/equivalence.hpp>
#include <dormant/io/csv.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace dm = dormant;

constexpr dm::shape shape{.layers = 3, .heads = 1, .width = 64, .vocab = 67, .context = 64};
using blocks = dm::stack<dm::mlp_block<>, dm::block<dm::softmax>, dm::mlp_block<>>;

// What is compared, what the probes call it, and the difference that would matter: a tenth of the
// way from where there is nothing (0, 1 and 1) to what this model ends with (0.92, 0.21 and 2.25).
struct quantity {
  char const* name;
  char const* column;
  double margin;
};
constexpr std::array<quantity, 3> quantities = {
    {{"attention on <s>, non-triggers", "attention_sink.on_background.1", 0.09},
     {"value norm of <s> / others", "value_drain.ratio.1", 0.08},
     {"residual norm of <s> / others", "residual_peak.ratio.0", 0.12}}};

// Trains a model and says the mean of each quantity over the second half of training.
template <class... Arithmetic>
std::array<double, quantities.size()> train(std::uint64_t seed, std::uint64_t steps) {
  auto const task = dm::bigram_backcopy<shape>({.seed = seed});
  dm::transformer<shape, blocks, Arithmetic...> net({.seed = seed});
  dm::history log(dm::every{std::max<std::uint64_t>(1, steps / 30)}, dm::attention_sink{},
                  dm::value_drain{}, dm::residual_peak{});
  dm::train(net, task, dm::adamw{.lr = 3e-3},
            {.steps = steps, .batch = 8, .threads = 1, .shards = 1}, log);
  std::array<double, quantities.size()> out{};
  for (std::size_t i = 0; i < quantities.size(); ++i) {
    dm::running_mean late;
    for (auto const& row : log.rows())
      if (2 * row["step"] >= static_cast<double>(steps)) late.add(row[quantities[i].column]);
    out[i] = late.mean();
  }
  std::fprintf(stderr, "seed %zu in %s: done\n", static_cast<std::size_t>(seed),
               sizeof...(Arithmetic) == 0 ? "float" : "bf16");
  return out;
}

int main(int argc, char** argv) {
  std::uint64_t steps = 1500, seeds = 20, first = 1, threads = 0;
  bool in_software = false;
  std::string out;
  program::command_line options("06_does_bf16_matter",
                                "Trains the same seeds in float and in bf16 and compares.");
  options.count("--steps", steps, "training steps of each run");
  options.count("--seeds", seeds, "pairs of runs", program::of_runs);
  options.count("--seed", first, "the first of the seeds", program::a_seed);
  options.count("--threads", threads, "pairs at a time, 0 for as many as there are cores",
                program::of_threads);
  options.on("--in-software", in_software,
             "run bf16 even where it has no instructions, in twice the time");
  options.text("--out", out, "also write one row a seed and quantity to this CSV file", "FILE");
  return options.run(argc, argv, [&] {
    if (!out.empty()) dm::atomic_file const is_writable(out); // found out now, not after training
    bool const both = dm::bf16_is_fast<> || in_software;
    if (!both) {
      std::puts("this build has no AVX512_BF16 instructions, so bf16 is left out and nothing is "
                "compared; --in-software compares all the same, in twice the time");
    }
    std::vector<std::array<double, quantities.size()>> in_float(seeds), in_bf16(seeds);
    auto const pair = [&](std::size_t run) {
      in_float[run] = train(first + run, steps);
      if (both) in_bf16[run] = train<dm::bf16>(first + run, steps);
    };
    dm::side_by_side(seeds, pair, threads);

    using columns = std::vector<std::string>;
    dm::csv_table table(both ? columns{"quantity", "seed", "float", "bf16"}
                             : columns{"quantity", "seed", "float"});
    std::printf("means over %zu seeds and the second half of training%s\n",
                static_cast<std::size_t>(seeds),
                both ? "; bf16 less float with its 90% interval" : "");
    for (std::size_t i = 0; i < quantities.size(); ++i) {
      std::vector<double> of_float, differences;
      for (std::size_t run = 0; run < seeds; ++run) {
        of_float.push_back(in_float[run][i]);
        differences.push_back(in_bf16[run][i] - in_float[run][i]);
        if (both)
          table.append({quantities[i].column, first + run, in_float[run][i], in_bf16[run][i]});
        else
          table.append({quantities[i].column, first + run, in_float[run][i]});
      }
      std::printf("%-30s float %.3f", quantities[i].name, dm::mean_of(of_float).mean);
      if (both) {
        auto const found = dm::equivalence_of(differences, quantities[i].margin);
        std::printf(", bf16 %+.4f (%+.4f to %+.4f), margin %.2f: %s", found.difference.mean,
                    found.difference.low, found.difference.high, found.margin,
                    found.in_words().data());
      }
      std::puts("");
    }
    if (!out.empty()) table.write(out);
    return 0;
  });
}
