// SPDX-License-Identifier: MIT
// A sweep over types: depth x attention rule x optimizer, several seeds each, in one table. A new
// variant is one more word in a list.
#include "common/command_line.hpp"

#include <dormant/dormant.hpp>
#include <dormant/io/csv.hpp>
#include <dormant/statistics.hpp>
#include <dormant/variants.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace dm = dormant;

template <std::size_t Layers>
struct depth {
  static constexpr dm::shape shape{.layers = Layers, .width = 64, .vocab = 67, .context = 64};
};

// Learning rates at which each optimizer trains this small model.
struct adam : dm::adamw {
  adam() { lr = 3e-3; }
};
struct gradient_descent : dm::sgd {
  gradient_descent() { lr = 0.1; }
};

constexpr auto depths = dm::variants<depth<1>, depth<2>>;
constexpr auto rules = dm::variants<dm::softmax, dm::relu>;
constexpr auto optimizers = dm::variants<adam, gradient_descent>;

int main(int argc, char** argv) {
  std::uint64_t steps = 400, seeds = 3, first = 1, threads = 0;
  std::string out;
  program::command_line options("05_sweep",
                                "Trains every combination of depth, attention rule and optimizer.");
  options.count("--steps", steps, "training steps of each run");
  options.count("--seeds", seeds, "runs of each combination", program::of_runs);
  options.count("--seed", first, "the first of the seeds", program::a_seed);
  options.count("--threads", threads, "0: all cores; never changes the numbers",
                program::of_threads);
  options.text("--out", out, "also write one row a run to this CSV file", "FILE");
  return options.run(argc, argv, [&] {
    if (!out.empty()) dm::atomic_file const is_writable(out); // found out now, not after training
    dm::csv_table table({"layers", "attention", "optimizer", "seed", "loss", "risk.bigram",
                         "risk.backcopy", "attention_sink.on_background", "value_drain.ratio",
                         "residual_peak.ratio"}); // of the last layer
    std::printf("medians over %zu seeds, in the last layer\n", static_cast<std::size_t>(seeds));
    std::puts("layers attention optimizer   loss  backcopy risk  non-triggers' attention on <s>  "
              "drain  peak");
    auto const sweep = [&]<class Depth, class Rule, class Optimizer>() {
      constexpr dm::shape shape = Depth::shape;
      constexpr std::size_t last = shape.layers - 1;
      std::vector<double> losses, risks, sinks, drains, peaks;
      for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        auto const task = dm::bigram_backcopy<shape>({.seed = seed});
        auto net = dm::transformer<shape, Rule>({.seed = seed});
        dm::train(net, task, Optimizer{}, {.steps = steps, .batch = 16, .threads = threads});
        dm::attention_sink sink;
        dm::value_drain drain;
        dm::residual_peak peak;
        auto const found = net.evaluate(task.sample(64), sink, drain, peak);
        losses.push_back(found.loss);
        risks.push_back(found.backcopy_risk);
        sinks.push_back(sink.on_background(last));
        drains.push_back(drain.ratio(last));
        peaks.push_back(peak.ratio(last));
        table.append({shape.layers, Rule::name, Optimizer::name, seed, found.loss,
                      found.bigram_risk, found.backcopy_risk, sinks.back(), drains.back(),
                      peaks.back()});
      }
      std::printf("%6zu %-9s %-9s %6.3f %14.3f %31.3f %6.2f %5.2f\n", shape.layers,
                  Rule::name.data(), Optimizer::name.data(), dm::median(losses), dm::median(risks),
                  dm::median(sinks), dm::median(drains), dm::median(peaks));
      std::fflush(stdout);
    };
    dm::for_each_variant(sweep, depths, rules, optimizers);
    if (!out.empty()) table.write(out);
    return 0;
  });
}
