// SPDX-License-Identifier: MIT
// Trigger-conditional averaging, and the laws with several copied tokens that it needs: exact,
// owned by their batch, and understood by the oracle, the sampler and the risk probe.
#include "dormant/task/trigger_average.hpp"

#include "catch.hpp"
#include "dormant/dormant.hpp"
#include "dormant/task/oracle.hpp"
#include "error_of.hpp"
#include "models.hpp"
#include "task/enumeration.hpp"
#include "task/goodness_of_fit.hpp"
#include "task/tables.hpp"

#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <utility>
#include <vector>

using namespace dormant;

namespace {

constexpr shape small{.width = 8, .vocab = 67, .context = 24};
using task_type = trigger_average<small>;
constexpr shape letters{.vocab = 5, .context = 5};
using letter_task = trigger_average<letters>;

std::vector<double> dense(next_token_law const& law, law_table const& table) {
  std::vector<double> p(table.vocab);
  for (std::size_t v = 0; v < p.size(); ++v) p[v] = law_probability(law, table, v);
  return p;
}

} // namespace

TEST_CASE("trigger average: after a trigger the law is the shares of the tokens seen",
          "[task][trigger_average]") {
  for (std::size_t bos = 0; bos <= 2; ++bos) {
    for (double const average : {1.0, 0.25, 0.0}) {
      task_type const task({.seed = 3, .bos = bos, .average = average});
      auto const rows = task.sample(20);
      std::size_t triggers = 0;
      for (std::size_t b = 0; b < rows.rows(); ++b) {
        auto const tokens = rows.tokens(b);
        for (std::size_t t = bos; t < small.context; ++t) {
          auto const& law = rows.laws(b)[t];
          CHECK(law.trigger == task.is_trigger(tokens[t]));
          CHECK(law.copy_weight == (law.trigger ? average : 0));
          std::vector<double> expected(small.vocab);
          auto const row = rows.table()->row(static_cast<std::size_t>(tokens[t]));
          double const rest = law.trigger ? 1 - average : 1;
          for (std::size_t v = 0; v < small.vocab; ++v) expected[v] = rest * row[v];
          double const seen = static_cast<double>(t + 1 - bos);
          for (std::size_t s = bos; law.trigger && s <= t; ++s)
            expected[static_cast<std::size_t>(tokens[s])] += average / seen;
          auto const found = dense(law, *rows.table());
          for (std::size_t v = 0; v < small.vocab; ++v)
            REQUIRE(found[v] == Approx(expected[v]).margin(1e-15));
          triggers += law.trigger ? 1 : 0;
        }
      }
      CHECK(triggers > 50);
    }
  }
}

TEST_CASE("trigger average: tokens come as their laws say", "[task][trigger_average]") {
  for (double const average : {1.0, 0.5}) {
    task_type const task({.seed = 5, .average = average});
    auto const rows = task.sample(2000);
    goodness_of_fit fit(*rows.table());
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      for (std::size_t t = 0; t < small.context; ++t)
        fit.add(rows.laws(b)[t], rows.tokens(b)[t + 1]);
    }
    CHECK(fit.good());
  }
}

TEST_CASE("trigger average: what cannot be is refused", "[task][trigger_average]") {
  CHECK(error_of([] { task_type({.average = 1.5}); }) ==
        "the probability of averaging must be between 0 and 1, found 1.5");
  CHECK(error_of([] { task_type({.bos = 3}); }) == "a sequence begins with 0, 1 or 2 <s>, found 3");
  // A batch without room for the tokens of a law.
  task_type const task({.seed = 1});
  batch rows(1, small.context, task.table());
  CHECK(error_of([&] {
          task.sample_row(stream::user, 0, 0, rows.tokens(0), rows.laws(0));
        }).find("more tokens than the 0 it has room for") != std::string::npos);
}

TEST_CASE("trigger average: the estimated minimum risk is that of all sequences",
          "[task][oracle][trigger_average]") {
  for (double const average : {1.0, 0.4}) {
    letter_task const task({.triggers = 1, .table = tables::three(), .bos = 1, .average = average});
    std::deque<std::array<weighted_token, 3>> memory;
    auto const row_of = [](token t) { return static_cast<std::int32_t>(t); };
    enumeration const exact(*task.table(), letters.context, [&](std::span<token const> tokens) {
      if (tokens.empty()) return next_token_law{.copied = task.bos(), .copy_weight = 1};
      if (tokens.size() == 1) return next_token_law{.row = task.start_row()};
      auto const current = tokens.back();
      if (!task.is_trigger(current)) return next_token_law{.row = row_of(current)};
      next_token_law law{.row = row_of(current), .copy_weight = average, .trigger = true};
      law.spread = token_spread(memory.emplace_back());
      for (token v = 0; v < 3; ++v) {
        auto const n = std::ranges::count(tokens.subspan(1), v);
        if (n > 0)
          law.spread.add(v, static_cast<double>(n) / static_cast<double>(tokens.size() - 1));
      }
      return law;
    });
    auto const [mean, error] = estimate_minimum_risk(task, 20'000);
    CHECK(std::abs(mean.trigger_share - exact.share()) < 4 * error.trigger_share);
    CHECK(std::abs(mean.bigram - exact.risk(false)) < 4 * error.bigram);
    CHECK(std::abs(mean.backcopy - exact.risk(true)) < 4 * error.backcopy);
    CHECK(std::abs(mean.total - exact.total()) < 4 * error.total);
    CHECK(error.total < 0.01);
  }
}

TEST_CASE("a spread is drawn, scored and summed as the law it states", "[task][oracle]") {
  law_sampler laws(1, 3, 5);
  laws.set_row(0, std::array{1.0, 2.0, 1.0});
  auto const& table = *laws.table();
  std::array<weighted_token, 3> memory;
  for (double const copy : {1.0, 0.6}) {
    next_token_law law{.copy_weight = copy, .trigger = true, .spread = token_spread(memory)};
    law.spread.add(4, 0.5);
    law.spread.add(1, 0.125);
    law.spread.add(0, 0.375);
    auto const p = dense(law, table);
    CHECK(p[4] == copy * 0.5);
    CHECK(p[1] == Approx(copy * 0.125 + (1 - copy) * 0.5).epsilon(1e-15));
    double entropy = 0, sum = 0;
    std::array<double, 5> logits{};
    for (std::size_t v = 0; v < 5; ++v) {
      if (p[v] > 0) entropy -= p[v] * std::log(p[v]);
      sum += p[v];
      logits[v] = 3 + std::log(p[v]);
    }
    CHECK(sum == Approx(1).epsilon(1e-15));
    CHECK(law_entropy(law, table) == Approx(entropy).epsilon(1e-14));
    CHECK(law_cross_entropy(std::span<double const>(logits), law, table) ==
          Approx(entropy).epsilon(1e-13));
    std::array<double, 5> const other{0.5, -1, 2, 0, 1};
    double expected = 0, all = 0;
    for (std::size_t v = 0; v < 5; ++v) all += std::exp(other[v]);
    for (std::size_t v = 0; v < 5; ++v) expected += p[v] * (std::log(all) - other[v]);
    CHECK(law_cross_entropy(std::span<double const>(other), law, table) ==
          Approx(expected).epsilon(1e-14));

    random_stream random(1, stream::user, 0, 0);
    std::array<double, 5> counts{};
    constexpr double n = 100'000;
    for (int i = 0; i < static_cast<int>(n); ++i)
      counts[static_cast<std::size_t>(laws.draw(law, random))] += 1;
    for (std::size_t v = 0; v < 5; ++v)
      CHECK(std::abs(counts[v] - n * p[v]) <= 5 * std::sqrt(n * p[v] * (1 - p[v])));
  }
}

TEST_CASE("a batch owns the spreads of its laws", "[task]") {
  task_type const task({.seed = 3});
  auto rows = task.sample(4);
  auto const same = [&](batch const& a, std::size_t in_a, batch const& b, std::size_t in_b) {
    return std::ranges::equal(a.laws(in_a), b.laws(in_b));
  };
  batch copy = rows;
  auto const third = rows.only(2);
  std::vector<batch> many{rows, rows};
  many.push_back(rows); // moves those before it
  // Other rows in the same memory: copies stay what they were.
  for (std::size_t b = 0; b < 4; ++b)
    task.sample_row(stream::user, 9, b, rows.tokens(b), rows.laws(b));
  auto const before = task.sample(4);
  for (std::size_t b = 0; b < 4; ++b) {
    CHECK_FALSE(same(rows, b, before, b));
    CHECK(same(copy, b, before, b));
    for (auto const& one : many) CHECK(same(one, b, before, b));
  }
  CHECK(same(third, 0, before, 2));
  copy = rows;
  CHECK(same(copy, 1, rows, 1));
  auto const moved = std::move(copy);
  CHECK(same(moved, 3, rows, 3));
}

TEST_CASE("trigger average: a model trains on it and its risks are scored", "[task]") {
  constexpr shape tiny{.width = 16, .vocab = 67, .context = 24, .expansion = 2};
  trigger_average<tiny> const task({.seed = 2});
  transformer<tiny, softmax> net({.seed = 1});
  auto const result = train(net, task, adamw{.lr = 3e-3}, {.steps = 30, .batch = 8});
  CHECK(std::isfinite(result.loss));
  auto const rows = task.sample(50);
  auto const found = net.evaluate(rows);
  auto const least = estimate_minimum_risk(task, 200).mean;
  CHECK(found.backcopy_risk > least.backcopy);
  CHECK(least.backcopy > 1);
  CHECK(found.bigram_risk > least.bigram);
}
