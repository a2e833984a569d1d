// SPDX-License-Identifier: MIT
// Your own attention rule, in fifteen lines: checked by the library's laws, then trained beside
// softmax. Without a row sum, does a head still need a sink?
#include "common/command_line.hpp"

#include <dormant/dormant.hpp>
#include <dormant/testing/laws.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>

namespace dm = dormant;

// A[j] = elu(s[j]) + 1, without a normaliser (arXiv 2410.10781)
struct elu_plus_one {
  static constexpr std::string_view name = "elu_plus_one";
  static void forward(auto row) {
    for (auto& a : row) a = a > 0 ? a + 1 : std::exp(a);
  }
  static void backward(auto row, auto gradient) {
    for (std::size_t j = 0; j < row.size(); ++j) gradient[j] *= row[j] > 1 ? 1 : row[j];
  }
};
static_assert(dm::attention_rule<elu_plus_one>);

constexpr dm::shape tiny{.width = 64, .vocab = 67, .context = 64};

template <class Rule>
void train_and_tell(std::uint64_t seed, std::uint64_t steps, std::uint64_t threads) {
  auto const task = dm::bigram_backcopy<tiny>({.seed = seed});
  auto net = dm::transformer<tiny, Rule>({.seed = seed});
  dm::train(net, task, dm::adamw{.lr = 3e-3}, {.steps = steps, .batch = 32, .threads = threads},
            dm::progress{std::string(Rule::name)});

  dm::attention_sink sink;
  dm::value_drain drain;
  auto const found = net.evaluate(task.sample(64), sink, drain);
  std::printf("%-14s %13.3f %15.3f %32.3f %22.2f\n", Rule::name.data(), found.bigram_risk,
              found.backcopy_risk, sink.on_background(), drain.ratio());
}

int main(int argc, char** argv) {
  std::uint64_t steps = 400, seed = 1, threads = 0;
  program::command_line options("03_your_own_rule",
                                "Checks a new attention rule and trains it beside softmax.");
  options.count("--steps", steps, "training steps");
  options.count("--seed", seed, "of parameters and data", program::a_seed);
  options.count("--threads", threads, "0: all cores; never changes the numbers",
                program::of_threads);
  return options.run(argc, argv, [&] {
    auto const laws = dm::testing::attention_rule_laws<elu_plus_one>();
    std::cout << "laws of " << elu_plus_one::name << ": " << (laws ? "hold" : "do not hold")
              << '\n';
    if (!laws) {
      std::cout << laws << '\n';
      return 1;
    }
    std::puts("rule             bigram risk   backcopy risk   non-triggers' attention on <s>   "
              "|W_O v|, <s> / others");
    train_and_tell<dm::softmax>(seed, steps, threads);
    train_and_tell<elu_plus_one>(seed, steps, threads);
    return 0;
  });
}
