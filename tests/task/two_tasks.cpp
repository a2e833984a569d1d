// SPDX-License-Identifier: MIT
// Two tasks in one sequence: each part keeps its own rule, `<d>` comes between them, and the oracle
// knows both.
#include "dormant/task/two_tasks.hpp"

#include "catch.hpp"
#include "dormant/concepts.hpp"
#include "dormant/task/oracle.hpp"
#include "error_of.hpp"
#include "task/enumeration.hpp"
#include "task/goodness_of_fit.hpp"
#include "task/tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace dormant;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;

namespace {

constexpr shape small{.vocab = 67, .context = 48};
constexpr shape letters{.vocab = 5, .context = 6};
using small_task = two_tasks<small>;
using letter_task = two_tasks<letters>;
static_assert(task<small_task>);

bigram_table const one = tables::three();
bigram_table const other = tables::letters({{9, 1, 1}, {1, 2, 4}, {0, 5, 1}}); // a, b, c often

// One task, then another with its own counts and triggers; and back, if asked for.
two_tasks_options different(double back) {
  return {.seed = 41,
          .first = {.triggers = 1, .table = one, .delimiters = 0.3},
          .second = {.triggers = 2, .table = other, .rule = {.copy = 0.5F}, .delimiters = back}};
}

} // namespace

TEST_CASE("the rule is the first until <d>, then the second", "[task][two_tasks]") {
  small_task const task({.seed = 42, .first = {.delimiters = 0.05}});
  auto const& rule = task.part(0);
  std::size_t crossed = 0;
  std::size_t characters = 0;
  std::size_t not_copied = 0;
  for (std::uint64_t r = 0; r < 1000; ++r) {
    std::vector<token> tokens(small.context + 1);
    task.sample_row(stream::user, 0, r, tokens, {});
    auto const d = std::ranges::find(tokens, task.delimiter());
    for (auto at = tokens.begin() + 2; at < d; ++at)
      if (rule.is_trigger(at[-1])) REQUIRE(*at == at[-2]);
    characters += static_cast<std::size_t>(std::min(d, tokens.end() - 1) - tokens.begin()) - 1;
    if (d == tokens.end() || tokens.end() - d < 4) continue;
    ++crossed;
    REQUIRE(std::count(tokens.begin(), tokens.end(), task.delimiter()) == 1);
    CHECK_FALSE(rule.is_trigger(d[1]));
    for (auto at = d + 3; at < tokens.end(); ++at)
      not_copied += rule.is_trigger(at[-1]) && *at != at[-2] ? 1 : 0;
  }
  CHECK(crossed > 500);
  CHECK(not_copied > 1000);
  // How long the first part is, in characters after the first, is geometric.
  CHECK(static_cast<double>(crossed) / static_cast<double>(characters) ==
        Approx(0.05).epsilon(0.2));
}

TEST_CASE("with delimiters of its own the second task leads back to the first",
          "[task][two_tasks]") {
  letter_task const task(different(0.4));
  std::size_t third = 0;
  for (std::uint64_t r = 0; r < 500; ++r) {
    std::vector<token> tokens(letters.context + 1);
    std::vector<next_token_law> laws(letters.context);
    task.sample_row(stream::user, 0, r, tokens, laws);
    std::size_t part = 0;
    for (std::size_t n = 1; n < laws.size(); ++n) {
      if (tokens[n] == task.delimiter()) part = 1 - part;
      third += part == 0 && std::count(tokens.begin(), tokens.begin() + static_cast<int>(n), 4) > 0;
      auto law = task.part(part).law_after(tokens[n - 1], tokens[n]);
      law.row += part == 1 ? static_cast<std::int32_t>(task.part(0).table()->rows) : 0;
      CHECK(laws[n] == law);
      CHECK(laws[n].trigger == task.part(part).is_trigger(tokens[n]));
    }
  }
  CHECK(third > 100);
}

TEST_CASE("the minimum risks of two tasks are those of all sequences", "[task][two_tasks]") {
  for (double const back : {0.0, 0.4}) {
    for (std::size_t bos = 0; bos <= 2; ++bos) {
      auto options = different(back);
      options.bos = bos;
      letter_task const task(options);
      // Written without the task's memories, and with the mixture spelt out.
      enumeration const exact(*task.table(), letters.context, [&](std::span<token const> tokens) {
        auto const n = tokens.size();
        if (n < bos) return next_token_law{.copied = task.bos(), .copy_weight = 1};
        auto const part = static_cast<std::size_t>(std::ranges::count(tokens, 4) % 2);
        auto law = n == bos ? task.part(part).law_of_start()
                            : task.part(part).law_after(n > 1 ? tokens[n - 2] : 0, tokens[n - 1]);
        law.row += part == 1 ? static_cast<std::int32_t>(task.part(0).table()->rows) : 0;
        return law;
      });
      auto const risk = minimum_risk_of(task);
      CHECK(risk.trigger_share == Approx(exact.share()).epsilon(1e-12));
      CHECK(risk.bigram == Approx(exact.risk(false)).epsilon(1e-12));
      CHECK(risk.backcopy == Approx(exact.risk(true)).epsilon(1e-12));
      CHECK(risk.total == Approx(exact.total()).epsilon(1e-12));
    }
  }
}

TEST_CASE("sequences of two tasks come from the laws they state", "[task][two_tasks]") {
  for (double const back : {0.0, 0.2}) {
    small_task const task({.seed = 43,
                           .first = {.delimiters = 0.1},
                           .second = {.rule = plain_markov, .delimiters = back}});
    goodness_of_fit fit(*task.table());
    auto const rows = task.sample(500);
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      auto const row = rows.sequence(b);
      for (std::size_t n = 0; n < row.length(); ++n) fit.add(row.laws[n], row.targets[n]);
    }
    CHECK(fit.good());
    auto const [mean, error] = estimate_minimum_risk(task, 2000);
    auto const exact = minimum_risk_of(task);
    CHECK(std::abs(mean.total - exact.total) < 4 * error.total);
    CHECK(std::abs(mean.backcopy - exact.backcopy) < 4 * error.backcopy);
  }
}

TEST_CASE("two tasks that make no sequence are refused", "[task][two_tasks][errors]") {
  auto const reason = [](two_tasks_options const& options) {
    return error_of([&] { letter_task const task(options); });
  };
  CHECK_THAT(reason(different(0)), Equals(""));
  auto options = different(0);
  options.first.delimiters = 0;
  CHECK_THAT(reason(options),
             Equals("the first of two tasks needs a probability of <d> above 0, or "
                    "the second never begins"));
  options = different(0);
  options.second.table.characters[1] = U'z';
  CHECK_THAT(reason(options),
             Equals("the tables of two tasks need the same characters in the same order"));
  options = different(0);
  options.bos = 3;
  CHECK_THAT(reason(options), Equals("a sequence begins with 0, 1 or 2 <s>, found 3"));
  options = different(0);
  options.second.delimiters = 2;
  CHECK_THAT(reason(options), Equals("the probability of <d> must be between 0 and 1, found 2"));
}
