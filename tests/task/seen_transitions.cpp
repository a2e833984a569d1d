// SPDX-License-Identifier: MIT
// The out-of-distribution table: uniform over what was seen, with the triggers of the original.
#include "dormant/task/seen_transitions.hpp"

#include "catch.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "error_of.hpp"
#include "task/tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace dormant;
using Catch::Matchers::Equals;

TEST_CASE("every seen transition counts once", "[task][seen_transitions]") {
  auto const table = tables::letters({{5, 2, 3}, {4, 0, 5}, {6, 7, 8}});
  auto const uniform = seen_transitions(table, 0);
  CHECK(uniform.bigrams == std::vector<std::uint64_t>{1, 1, 1, 1, 0, 1, 1, 1, 1});
  CHECK(uniform.unigrams == table.unigrams);
  CHECK(uniform.characters == table.characters);
}

TEST_CASE("no trigger follows a trigger, unless nothing else does", "[task][seen_transitions]") {
  auto const table = tables::letters({{5, 2, 3}, {4, 0, 5}, {6, 7, 8}}); // c, then a
  CHECK(seen_transitions(table, 1).bigrams ==
        std::vector<std::uint64_t>{1, 1, 1, 1, 0, 1, 1, 1, 0});
  CHECK(seen_transitions(table, 2).bigrams ==
        std::vector<std::uint64_t>{0, 1, 0, 1, 0, 1, 0, 1, 0});
  auto const closed = tables::letters({{1, 1, 1}, {1, 1, 1}, {9, 0, 9}});
  CHECK(seen_transitions(closed, 1).bigrams ==
        std::vector<std::uint64_t>{1, 1, 1, 1, 1, 1, 1, 0, 0});
  auto const stuck = tables::letters({{1, 1, 1}, {1, 1, 1}, {0, 0, 9}});
  CHECK(seen_transitions(stuck, 1).bigrams ==
        std::vector<std::uint64_t>{1, 1, 1, 1, 1, 1, 0, 0, 1});
}

TEST_CASE("sequences on the table use seen transitions only, each as often",
          "[task][seen_transitions]") {
  constexpr shape small{.vocab = 67, .context = 48};
  auto const english = english_bigrams();
  auto const table = seen_transitions(english);
  bigram_backcopy<small> const original({.seed = 51});
  bigram_backcopy<small> const task({.seed = 51, .table = table, .rule = plain_markov});
  CHECK(std::ranges::equal(task.trigger_tokens(), original.trigger_tokens()));
  auto const start = static_cast<std::size_t>(task.start_row());
  CHECK(std::ranges::equal(task.table()->row(start), original.table()->row(start)));
  for (std::size_t v = 0; v < table.size(); ++v) {
    auto const seen = std::ranges::count(table.row(v), 1U);
    CHECK(task.table()->entropies[v] == Approx(std::log(static_cast<double>(seen))).margin(1e-12));
  }
  auto const rows = task.sample(300);
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    auto const row = rows.tokens(b);
    for (std::size_t n = 2; n < row.size(); ++n) {
      auto const v = static_cast<std::size_t>(row[n - 1]), w = static_cast<std::size_t>(row[n]);
      REQUIRE(english.row(v)[w] > 0);
      REQUIRE_FALSE((task.is_trigger(row[n - 1]) && task.is_trigger(row[n])));
    }
  }
}

TEST_CASE("an unusable table is refused", "[task][seen_transitions][errors]") {
  CHECK_THAT(error_of([] { (void)seen_transitions(bigram_table{}); }),
             Equals("the bigram table has no characters"));
}
