// SPDX-License-Identifier: MIT
// Runs side by side: each once, the same bits, and the first failure comes through.
#include "dormant/side_by_side.hpp"

#include "dormant/error.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/train.hpp"

#include "catch.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

using namespace dormant;

namespace {

constexpr shape tiny{.layers = 1, .heads = 1, .width = 20, .vocab = 67, .context = 13};

/// Threads that a pass with `.threads = 0` would use here.
std::size_t threads_here() {
  detail::batch_pass<transformer<tiny, softmax>::model> pass({}, false, {});
  return pass.pool().threads();
}

/// A machine with that many cores, as far as this thread can tell.
struct pretended_cores {
  std::size_t before;
  explicit pretended_cores(std::size_t n) : before(std::exchange(detail::share_of_cores, n)) {}
  pretended_cores(pretended_cores const&) = delete;
  pretended_cores& operator=(pretended_cores const&) = delete;
  ~pretended_cores() { detail::share_of_cores = before; }
};

std::vector<std::size_t> shares(std::size_t runs, std::size_t at_a_time) {
  std::vector<std::size_t> found(runs);
  std::atomic<std::size_t> arrived{0};
  side_by_side(
      runs,
      [&](std::size_t i) {
        found[i] = threads_here();
        // Each thread takes one run.
        for (++arrived; arrived < std::min(runs, at_a_time);) {}
      },
      at_a_time);
  std::ranges::sort(found);
  return found;
}

} // namespace

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

TEST_CASE("side by side: a run has its share of the cores, and so have runs within it") {
  pretended_cores const machine(8);
  using list = std::vector<std::size_t>;
  CHECK(threads_here() == 8);
  CHECK(shares(4, 4) == list{2, 2, 2, 2});
  CHECK(shares(3, 3) == list{2, 3, 3}); // no core is left out
  CHECK(shares(2, 8) == list{4, 4});    // no more at a time than runs
  CHECK(shares(1, 0) == list{8});
  CHECK(shares(9, 9) == list{1, 1, 1, 1, 1, 1, 1, 1, 1});
  CHECK(threads_here() == 8); // and all of them again afterwards

  list within(2);
  side_by_side(
      2,
      [&](std::size_t i) {
        auto const parts = shares(4, 0); // as many at a time as this run has cores
        within[i] = parts.back();
      },
      2);
  CHECK(within == list{1, 1});
}

TEST_CASE("side by side: the share ends with the run, also if it fails") {
  pretended_cores const machine(8);
  CHECK_THROWS_AS(side_by_side(
                      4, [](std::size_t) { throw error("no"); }, 4),
                  error);
  CHECK(threads_here() == 8);
}
