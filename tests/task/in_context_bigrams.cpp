// SPDX-License-Identifier: MIT
// In-context bigrams: what follows a trigger, that the stated laws are the posterior ones, and how
// near the estimate of their entropy is.
#include "dormant/task/in_context_bigrams.hpp"

#include "catch.hpp"
#include "dormant/concepts.hpp"
#include "dormant/task/oracle.hpp"
#include "error_of.hpp"
#include "task/enumeration.hpp"
#include "task/goodness_of_fit.hpp"
#include "task/tables.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

using namespace dormant;
using Catch::Matchers::Equals;

namespace {

constexpr shape small{.vocab = 67, .context = 48};
constexpr shape letters{.vocab = 5, .context = 6};
using small_task = in_context_bigrams<small>;
using letter_task = in_context_bigrams<letters>;
static_assert(task<small_task>);

// The letters a, b, c; c and b are triggers, whose outputs are drawn from P(.|v).
in_context_bigrams_options two_triggers() {
  return {.triggers = 2, .seed = 33, .table = tables::three(), .outputs = output_law::bigram};
}

// P(next | prefix) of a sequence that begins with <s>, by Bayes' rule over all outputs of b and c.
std::vector<double> posterior(std::span<token const> prefix) {
  auto const counts = tables::three();
  auto const p = [&](std::size_t v, std::size_t w) {
    return static_cast<double>(counts.row(v)[w]) / static_cast<double>(counts.unigrams[v]);
  };
  std::vector<double> next(letters.vocab);
  double evidence = 0;
  for (std::size_t of_b = 0; of_b < 3; ++of_b) {
    for (std::size_t of_c = 0; of_c < 3; ++of_c) {
      auto const follows = [&](std::size_t v, std::size_t w) -> double {
        if (v == 3) return static_cast<double>(counts.unigrams[w]) / 36;
        if (v == 0) return p(v, w);
        return w == (v == 1 ? of_b : of_c) ? 1 : 0;
      };
      double joint = p(1, of_b) * p(2, of_c);
      for (std::size_t n = 1; n < prefix.size(); ++n)
        joint *=
            follows(static_cast<std::size_t>(prefix[n - 1]), static_cast<std::size_t>(prefix[n]));
      evidence += joint;
      for (std::size_t w = 0; w < 3; ++w)
        next[w] += joint * follows(static_cast<std::size_t>(prefix.back()), w);
    }
  }
  for (auto& probability : next) probability /= evidence;
  return next;
}

} // namespace

TEST_CASE("in a sequence a trigger always has the same output, in another sequence another",
          "[task][in_context]") {
  small_task const task({.triggers = 5, .seed = 31});
  std::map<token, std::set<token>> outputs;
  for (std::uint64_t r = 0; r < 300; ++r) {
    std::vector<token> tokens(small.context + 1);
    task.sample_row(stream::user, 0, r, tokens, {});
    std::map<token, token> known;
    for (std::size_t n = 1; n < small.context; ++n) {
      if (!task.is_trigger(tokens[n])) continue;
      auto const [place, fresh] = known.emplace(tokens[n], tokens[n + 1]);
      if (!fresh) REQUIRE(place->second == tokens[n + 1]);
      outputs[tokens[n]].insert(tokens[n + 1]);
    }
  }
  REQUIRE(outputs.size() == 5);
  for (auto const& [trigger, of_it] : outputs) CHECK(of_it.size() > 50); // of 63, uniformly
}

TEST_CASE("the stated law is that of the best predictor", "[task][in_context]") {
  letter_task const task(two_triggers());
  for (std::uint64_t r = 0; r < 500; ++r) {
    std::vector<token> tokens(letters.context + 1);
    std::vector<next_token_law> laws(letters.context);
    task.sample_row(stream::user, 0, r, tokens, laws);
    for (std::size_t n = 0; n < laws.size(); ++n) {
      auto const best = posterior(std::span(tokens).first(n + 1));
      for (std::size_t t = 0; t < best.size(); ++t)
        CHECK(law_probability(laws[n], *task.table(), t) == Approx(best[t]).margin(1e-12));
      CHECK(laws[n].trigger == task.is_trigger(tokens[n]));
    }
  }
}

TEST_CASE("the estimate of the minimum risks agrees with all sequences", "[task][in_context]") {
  for (std::size_t bos = 0; bos <= 2; ++bos) {
    auto options = two_triggers();
    options.bos = bos;
    letter_task const task(options);
    enumeration const exact(*task.table(), letters.context, [&](std::span<token const> tokens) {
      auto const n = tokens.size();
      if (n < bos) return next_token_law{.copied = task.bos(), .copy_weight = 1};
      if (n == bos) return task.law_of_start();
      token known = small_task::unseen;
      for (std::size_t i = 1; i < n; ++i)
        if (tokens[i - 1] == tokens[n - 1]) known = tokens[i];
      return task.law_after(tokens[n - 1], known);
    });
    auto const [mean, error] = estimate_minimum_risk(task, 20'000);
    CHECK(std::abs(mean.trigger_share - exact.share()) < 4 * error.trigger_share);
    CHECK(std::abs(mean.bigram - exact.risk(false)) <= 4 * error.bigram + 1e-12);
    CHECK(std::abs(mean.backcopy - exact.risk(true)) < 4 * error.backcopy);
    CHECK(std::abs(mean.total - exact.total()) < 4 * error.total);
    CHECK(error.total < 0.01);
  }
}

TEST_CASE("tokens come from the stated laws, outputs from the law asked for",
          "[task][in_context]") {
  for (auto const outputs : {output_law::uniform, output_law::unigram, output_law::bigram}) {
    for (bool const repeat : {true, false}) {
      small_task const task({.seed = 32, .outputs = outputs, .repeat = repeat});
      goodness_of_fit fit(*task.table());
      auto const rows = task.sample(600);
      for (std::size_t b = 0; b < rows.rows(); ++b) {
        auto const row = rows.sequence(b);
        CHECK(row.inputs[0] == task.bos());
        for (std::size_t n = 0; n < row.length(); ++n) fit.add(row.laws[n], row.targets[n]);
      }
      CHECK(fit.good());
    }
  }
  auto const row_of_c = [](output_law outputs, bool repeat) {
    auto options = two_triggers();
    options.outputs = outputs;
    options.repeat = repeat;
    letter_task const task(options);
    auto const row = task.table()->row(2);
    return std::vector<double>(row.begin(), row.begin() + 3);
  };
  auto const is = [](std::vector<double> const& row, std::vector<double> const& expected) {
    for (std::size_t k = 0; k < 3; ++k) CHECK(row[k] == Approx(expected[k]).margin(1e-15));
  };
  is(row_of_c(output_law::uniform, true), {1.0 / 3, 1.0 / 3, 1.0 / 3});
  is(row_of_c(output_law::uniform, false), {0.5, 0.5, 0});
  is(row_of_c(output_law::unigram, true), {6.0 / 36, 9.0 / 36, 21.0 / 36});
  is(row_of_c(output_law::bigram, false), {6.0 / 13, 7.0 / 13, 0});
}

TEST_CASE("options that make no in-context bigrams are refused", "[task][in_context][errors]") {
  CHECK_THAT(error_of([] { small_task const task({.bos = 3}); }),
             Equals("a sequence begins with 0, 1 or 2 <s>, found 3"));
  CHECK_THAT(error_of([] { small_task const task({.triggers = 63}); }),
             Equals("63 triggers were asked for, but the table has 63 characters and at least one "
                    "must not be a trigger"));
  CHECK_THAT(error_of([] {
               letter_task const task({.triggers = 1,
                                       .table = tables::letters({{1, 1}, {0, 9}}),
                                       .outputs = output_law::bigram,
                                       .repeat = false});
             }),
             Equals("the trigger 'b' (id 1) has no output to draw but itself"));
  CHECK_THAT(error_of([] {
               std::vector<token> tokens(4);
               std::vector<next_token_law> laws(4);
               small_task().sample_row(stream::user, 0, 0, tokens, laws);
             }),
             Equals("a row of 4 tokens needs one law fewer, found 4"));
}
