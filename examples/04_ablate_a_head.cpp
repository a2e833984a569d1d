// SPDX-License-Identifier: MIT
// Active and dormant: what a trained head is for, by taking it away, cleaning its pattern, sending
// it to `<s>`, and silencing the value of `<s>` (arXiv 2410.13835, section 3).
#include "common/command_line.hpp"

#include <dormant/dormant.hpp>
#include <dormant/task/oracle.hpp>

#include <cstdio>

namespace dm = dormant;

int main(int argc, char** argv) {
  std::uint64_t steps = 800, seed = 1, threads = 0;
  program::command_line options("04_ablate_a_head",
                                "Trains one layer and intervenes on its attention head.");
  options.count("--steps", steps, "training steps");
  options.count("--seed", seed, "of parameters and data", program::a_seed);
  options.count("--threads", threads, "0: all cores; never changes the numbers",
                program::of_threads);
  return options.run(argc, argv, [&] {
    constexpr dm::shape tiny{.width = 64, .vocab = 67, .context = 64};
    auto const task = dm::bigram_backcopy<tiny>({.seed = seed});
    auto net = dm::transformer<tiny, dm::softmax>({.seed = seed});
    dm::train(net, task, dm::adamw{.lr = 3e-3}, {.steps = steps, .batch = 32, .threads = threads},
              dm::progress{});

    auto const best = dm::minimum_risk_of(task);
    auto const rows = task.sample(128);
    std::puts("excess risk, nats          non-trigger   trigger");
    auto const tell = [&](char const* what, dm::evaluation const& found) {
      std::printf("%-26s %11.3f %9.3f\n", what, found.bigram_risk - best.bigram,
                  found.backcopy_risk - best.backcopy);
    };
    tell("the model", net.evaluate(rows));
    tell("without the head", net.evaluate(rows, dm::ablate_head{.layer = 0, .head = 0}));
    tell("clean pattern", net.evaluate(rows, dm::clean_pattern{.layer = 0}));
    tell("attends only to <s>", net.evaluate(rows, dm::attend_only_to_bos{.layer = 0}));
    tell("value of <s> silenced", net.evaluate(rows, dm::silence_value{.layer = 0}));
    tell("without the MLP", net.evaluate(rows, dm::zero_mlp{.layer = 0}));
    return 0;
  });
}
