// SPDX-License-Identifier: MIT
// Runs side by side: each once, the same bits, and the first failure comes through.
#include "dormant/side_by_side.hpp"

#include "dormant/error.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/train.hpp"

#include "catch.hpp"

#include <atomic>
#include <cstddef>
#include <vector>

using namespace dormant;

TEST_CASE("side by side: every run once, with the bits that it has alone") {
  static constexpr shape s{.layers = 1, .heads = 1, .width = 20, .vocab = 67, .context = 13};
  auto const losses = [](std::size_t threads) {
    std::vector<double> found(5);
    side_by_side(
        found.size(),
        [&](std::size_t i) {
          transformer<s, softmax> net({.seed = i});
          found[i] += train(net, bigram_backcopy<s>({.seed = i}), adamw{},
                            {.steps = 4, .batch = 3, .threads = 1, .shards = 1})
                          .loss;
        },
        threads);
    return found;
  };
  auto const alone = losses(1);
  CHECK(alone[0] != alone[1]);
  CHECK(losses(3) == alone);
  CHECK(losses(0) == alone);
}

TEST_CASE("side by side: no runs, and a run that fails") {
  side_by_side(0, [](std::size_t) { FAIL("nothing to run"); });
  std::atomic<int> ended{0};
  CHECK_THROWS_AS(side_by_side(
                      4,
                      [&](std::size_t i) {
                        if (i == 1) throw error("the second run failed");
                        ++ended;
                      },
                      2),
                  error);
  CHECK(ended <= 3);
}
