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
  auto const loss = [](std::size_t i) {
    transformer<s, softmax> net({.seed = i});
    return train(net, bigram_backcopy<s>({.seed = i}), adamw{},
                 {.steps = 4, .batch = 3, .threads = 1, .shards = 1})
        .loss;
  };
  std::vector<double> alone;
  for (std::size_t i = 0; i < 5; ++i) alone.push_back(loss(i));
  for (std::size_t const threads : {1U, 3U, 0U}) {
    std::vector<double> found(5);
    side_by_side(
        found.size(), [&](std::size_t i) { found[i] += loss(i); }, threads);
    CHECK(found == alone);
  }
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
