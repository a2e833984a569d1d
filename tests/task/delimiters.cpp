// SPDX-License-Identifier: MIT
// Bigram-Backcopy with delimiters: when `<d>` comes, what follows it, and that the laws say so.
#include "catch.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/task/oracle.hpp"
#include "error_of.hpp"
#include "task/goodness_of_fit.hpp"
#include "task/tables.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace dormant;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;

namespace {

constexpr shape small{.vocab = 67, .context = 48};
using small_task = bigram_backcopy<small>;
using letter_task = bigram_backcopy<shape{.vocab = 5, .context = 8}>;

constexpr std::array<trigger_rule, 5> rules = {
    backcopy, plain_markov, bigram_backward, trigger_rule{.copy = 0.3F},
    trigger_rule{.copy = 0.6F, .otherwise = trigger_rule::row::previous}};

} // namespace

TEST_CASE("<d> follows every character with its probability, a first character follows <d>",
          "[task][delimiters]") {
  constexpr double p = 0.15;
  small_task const task({.seed = 21, .delimiters = p});
  std::array<double, 2> seen{}, delimiters{}; // [trigger]
  std::vector<token> tokens(small.context + 1);
  for (std::uint64_t r = 0; r < 2000; ++r) {
    task.sample_row(stream::user, 0, r, tokens, {});
    REQUIRE(tokens[1] < task.bos());
    for (std::size_t n = 1; n < small.context; ++n) {
      auto const now = tokens[n], next = tokens[n + 1];
      REQUIRE(next != task.bos());
      if (now == task.delimiter()) {
        REQUIRE(next < task.bos());
        REQUIRE_FALSE(task.is_trigger(next));
        continue;
      }
      ++seen[task.is_trigger(now)];
      delimiters[task.is_trigger(now)] += next == task.delimiter() ? 1 : 0;
      if (task.is_trigger(now) && next != task.delimiter()) REQUIRE(next == tokens[n - 1]);
    }
  }
  for (std::size_t k = 0; k < 2; ++k)
    CHECK(std::abs(delimiters[k] - seen[k] * p) < 4 * std::sqrt(seen[k] * p * (1 - p)));
}

TEST_CASE("the law with delimiters is p <d> + (1 - p) the law without", "[task][delimiters]") {
  for (auto const rule : rules) {
    for (double const p : {1e-9, 1e-3, 0.25, 1.0}) {
      auto const options = [&](double delimiters) {
        return bigram_backcopy_options{
            .triggers = 1, .table = tables::three(), .rule = rule, .delimiters = delimiters};
      };
      letter_task const with(options(p)), without(options(0));
      for (token previous = 0; previous < 3; ++previous) {
        for (token current = 0; current < 3; ++current) {
          auto const law = with.law_after(previous, current);
          CHECK(law.trigger == with.is_trigger(current));
          for (std::size_t t = 0; t < 5; ++t) {
            double const expected = (1 - p) * law_probability(without.law_after(previous, current),
                                                              *without.table(), t) +
                                    (t == 4 ? p : 0);
            // The weight of copying is a float.
            CHECK(law_probability(law, *with.table(), t) == Approx(expected).margin(6e-8));
          }
        }
      }
      CHECK(with.law_after(0, with.delimiter()) == with.law_of_start());
      CHECK(law_probability(with.law_of_start(), *with.table(), 4) == 0);
    }
  }
}

TEST_CASE("a trigger that copies or is followed by <d> draws no character", "[task][delimiters]") {
  letter_task const task({.triggers = 1, .table = tables::three(), .delimiters = 0.3});
  auto const law = task.law_after(1, 2);
  CHECK(law_probability(law, *task.table(), 0) == 0);
  CHECK(law_probability(law, *task.table(), 2) == 0);
  CHECK(law_entropy(law, *task.table()) ==
        Approx(-0.3 * std::log(0.3) - 0.7 * std::log(0.7)).epsilon(1e-6));
}

TEST_CASE("sequences with delimiters come from the laws they state", "[task][delimiters]") {
  for (auto const rule : rules) {
    for (std::size_t bos = 0; bos <= 2; ++bos) {
      small_task const task(
          {.triggers = 4, .seed = 22, .bos = bos, .rule = rule, .delimiters = 0.1});
      goodness_of_fit fit(*task.table());
      auto const rows = task.sample(300);
      for (std::size_t b = 0; b < rows.rows(); ++b) {
        auto const row = rows.sequence(b);
        for (std::size_t n = 0; n < row.length(); ++n) {
          fit.add(row.laws[n], row.targets[n]);
          if (n >= bos && n > 0)
            CHECK(row.laws[n] == task.law_after(row.inputs[n - 1], row.inputs[n]));
        }
      }
      CHECK(fit.good());
    }
  }
}

TEST_CASE("without delimiters the table has no rows for them", "[task][delimiters]") {
  letter_task const none({.triggers = 1, .table = tables::three()});
  letter_task const some({.triggers = 1, .table = tables::three(), .delimiters = 0.5});
  CHECK(none.table()->rows == 5);
  CHECK(some.table()->rows == 8);
  CHECK(some.delimiters() == 0.5);
  auto const unigram = static_cast<std::size_t>(some.unigram_row());
  CHECK(some.table()->row(unigram)[2] == none.table()->row(unigram)[2]);
}

TEST_CASE("a probability of <d> that is none is refused", "[task][delimiters][errors]") {
  for (double const p : {-0.1, 1.1, std::nan("")}) {
    CHECK_THAT(error_of([&] { small_task const task({.delimiters = p}); }),
               Matches("the probability of <d> must be between 0 and 1, found .*"));
  }
}
