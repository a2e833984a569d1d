// SPDX-License-Identifier: MIT
// Triggers of several kinds: each copies from its own distance, never a
// trigger, and the laws are exact.
#include "dormant/task/trigger_kinds.hpp"

#include "catch.hpp"
#include "dormant/dormant.hpp"
#include "dormant/task/oracle.hpp"
#include "dormant/testing/task_laws.hpp"
#include "error_of.hpp"
#include "task/enumeration.hpp"
#include "task/goodness_of_fit.hpp"
#include "task/tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

using namespace dormant;

namespace {

constexpr shape small{.width = 8, .vocab = 67, .context = 48};
using task_type = trigger_kinds<small>;
constexpr shape letters{.vocab = 6, .context = 6};
using letter_task = trigger_kinds<letters>;
static_assert(task<task_type>);

// Four letters, d the most frequent, then c.
bigram_table four() {
  return tables::letters({{1, 2, 3, 4}, {2, 0, 5, 6}, {3, 4, 1, 9}, {9, 8, 7, 6}});
}

} // namespace

TEST_CASE("trigger kinds: each copies from its own distance, and no trigger",
          "[task][trigger_kinds]") {
  for (std::size_t bos = 0; bos <= 2; ++bos) {
    task_type const task({.seed = 3, .bos = bos, .distances = {1, 3}});
    CHECK(task.kinds() == 2);
    auto const rows = task.sample(60);
    CHECK((rows.table()->bos == task.bos() && rows.table()->unigram_row == task.start_row() + 1));
    std::size_t at_distance[3] = {0, 0, 0}, beyond = 0, at_start = 0;
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      auto const row = rows.sequence(b);
      auto const x = row.inputs;
      for (std::size_t t = 0; t < small.context; ++t) {
        auto const kind = task.kind_of(x[t]);
        REQUIRE(row.trigger(t) == (kind > 0));
        if (kind == 0) continue;
        REQUIRE((row.laws[t].copy_weight == 1 && row.laws[t].copied == row.targets[t]));
        REQUIRE(task.kind_of(row.targets[t]) == 0); // two triggers never follow each other
        std::size_t const distance = kind == 1 ? 1 : 3;
        if (t < bos + distance) {
          REQUIRE(row.targets[t] == x[bos]);
          ++at_start;
        } else if (task.kind_of(x[t - distance]) == 0) {
          REQUIRE(row.targets[t] == x[t - distance]);
          REQUIRE(task.source_of(x, t) == t - distance);
          ++at_distance[kind];
        } else {
          REQUIRE(row.targets[t] == x[t - distance - 1]);
          REQUIRE(task.source_of(x, t) == t - distance - 1);
          REQUIRE(kind == 2); // the token before a trigger is none
          ++beyond;
        }
      }
    }
    CHECK(at_distance[1] > 200);
    CHECK(at_distance[2] > 100);
    CHECK(beyond > 30);
    CHECK(at_start > 10);
  }
}

TEST_CASE("trigger kinds: the most frequent characters are of kinds 1, 2, 3, 1, ...",
          "[task][trigger_kinds]") {
  task_type const task({.triggers = 5, .distances = {1, 2, 4}});
  std::vector<std::size_t> kinds;
  for (auto const t : task.trigger_tokens()) kinds.push_back(task.kind_of(t));
  CHECK(kinds == std::vector<std::size_t>{1, 2, 3, 1, 2});
  CHECK(task.kind_of(task.bos()) == 0);
}

TEST_CASE("trigger kinds: one kind at distance 1 is Bigram-Backcopy", "[task][trigger_kinds]") {
  for (std::size_t bos = 0; bos <= 2; ++bos) {
    task_type const one({.triggers = 3, .seed = 6, .bos = bos, .distances = {1}});
    bigram_backcopy<small> const same({.seed = 6, .bos = bos});
    auto const a = one.sample(20), b = same.sample(20);
    for (std::size_t r = 0; r < 20; ++r) {
      CHECK(std::ranges::equal(a.tokens(r), b.tokens(r)));
      for (std::size_t t = 0; t < small.context; ++t) {
        CHECK(a.laws(r)[t].trigger == b.laws(r)[t].trigger);
        CHECK(law_entropy(a.laws(r)[t], *a.table()) == law_entropy(b.laws(r)[t], *b.table()));
      }
    }
  }
}

TEST_CASE("trigger kinds: keep the laws of a task, and tokens come as they say",
          "[task][trigger_kinds]") {
  CHECK(testing::task_laws(task_type({.seed = 16})));
  CHECK(testing::task_laws(task_type({.triggers = 0, .seed = 17, .bos = 0})));
  CHECK(testing::task_laws(
      task_type({.triggers = 6, .seed = 18, .bos = 2, .distances = {3, 1, 100}, .copy = 0.4})));
  task_type const task({.seed = 5, .copy = 0.5});
  auto const rows = task.sample(1000);
  goodness_of_fit fit(*rows.table());
  for (std::size_t b = 0; b < rows.rows(); ++b)
    for (std::size_t t = 0; t < small.context; ++t) fit.add(rows.laws(b)[t], rows.tokens(b)[t + 1]);
  CHECK(fit.good());
}

TEST_CASE("trigger kinds: the estimated minimum risks are those of all sequences",
          "[task][oracle][trigger_kinds]") {
  for (double const copy : {1.0, 0.5}) {
    letter_task const task({.triggers = 2, .table = four(), .copy = copy});
    // d copies what is 1 before it, c what is 2 before it, or what
    // comes before that if it is c or d.
    enumeration const exact(*task.table(), letters.context, [&](std::span<token const> tokens) {
      if (tokens.empty()) return next_token_law{.copied = task.bos(), .copy_weight = 1};
      if (tokens.size() == 1) return next_token_law{.row = 4};
      next_token_law law{.row = tokens.back()};
      if (law.row < 2) return law;
      auto const last = static_cast<int>(tokens.size()) - 1;
      int from = std::max(1, last - (law.row == 3 ? 1 : 2));
      while (tokens[static_cast<std::size_t>(from)] >= 2) --from;
      law.copied = tokens[static_cast<std::size_t>(from)];
      law.copy_weight = copy;
      law.trigger = true;
      return law;
    });
    auto const [mean, error] = estimate_minimum_risk(task, 20'000);
    CHECK(std::abs(mean.trigger_share - exact.share()) < 4 * error.trigger_share);
    CHECK(std::abs(mean.bigram - exact.risk(false)) < 4 * error.bigram);
    CHECK(std::abs(mean.backcopy - exact.risk(true)) <= 4 * error.backcopy);
    CHECK(std::abs(mean.total - exact.total()) < 4 * error.total);
    CHECK(error.total < 0.01);
    CHECK((mean.backcopy == 0) == (copy == 1));
  }
}

TEST_CASE("trigger kinds: what cannot be is refused", "[task][trigger_kinds][errors]") {
  CHECK(error_of([] { task_type({.triggers = 1}); }) ==
        "every kind needs a trigger, but here are 2 kinds and 1 triggers");
  CHECK(error_of([] { task_type({.distances = {}}); }) ==
        "every kind needs a trigger, but here are 0 kinds and 4 triggers");
  CHECK(error_of([] {
          task_type({.distances = {1, 0}});
        }) == "a trigger copies from at least 1 place before it, found 0");
  CHECK(error_of([] { task_type({.copy = -1}); }) ==
        "the probability of copying must be between 0 and 1, found -1");
  CHECK(error_of([] { task_type({.bos = 3}); }) == "a sequence begins with 0, 1 or 2 <s>, found 3");
}

TEST_CASE("trigger kinds: a model trains on them and its risks are scored",
          "[task][trigger_kinds]") {
  constexpr shape tiny{.heads = 2, .width = 16, .vocab = 67, .context = 24, .expansion = 2};
  trigger_kinds<tiny> const task({.seed = 2});
  transformer<tiny, softmax> net({.seed = 1});
  auto const result = train(net, task, adamw{.lr = 3e-3}, {.steps = 30, .batch = 8});
  CHECK(std::isfinite(result.loss));
  auto const found = net.evaluate(task.sample(50));
  CHECK(found.backcopy_risk > 0);
  CHECK(found.bigram_risk > estimate_minimum_risk(task, 200).mean.bigram);
}
