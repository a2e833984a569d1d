// SPDX-License-Identifier: MIT
// More threads than one in all that has any, which a thread sanitizer can watch.
#include "consumer.hpp"

#include <dormant/side_by_side.hpp>

#include <cstdio>
#include <vector>

int main() {
  auto const trained = [](std::size_t seed, std::size_t threads) {
    net_type net({.seed = seed});
    auto const task = dormant::bigram_backcopy<tiny>({.triggers = 3, .seed = seed});
    dormant::attention_sink sink;
    auto often = dormant::when(dormant::every{2}, sink);
    double const loss = dormant::train(net, task, dormant::adamw{.lr = 1e-3},
                                       {.steps = 4, .batch = 11, .threads = threads}, often)
                            .loss;
    return loss + net.evaluate(task.sample(5), sink).loss + sink.mean();
  };
  std::vector<double> found(6);
  dormant::side_by_side(
      found.size(), [&](std::size_t i) { found[i] = trained(i, 2); }, 3);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] != trained(i, 1)) return std::fprintf(stderr, "seed %zu differs\n", i), 1;
  }
}
