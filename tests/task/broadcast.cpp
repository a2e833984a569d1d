// SPDX-License-Identifier: MIT
// Broadcast: the first character is the answer wherever it is asked for, the laws say so exactly,
// and the oracle knows what can be reached.
#include "dormant/task/broadcast.hpp"

#include "catch.hpp"
#include "dormant/dormant.hpp"
#include "dormant/task/oracle.hpp"
#include "dormant/testing/task_laws.hpp"
#include "error_of.hpp"
#include "task/enumeration.hpp"
#include "task/goodness_of_fit.hpp"
#include "task/tables.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

using namespace dormant;

namespace {

constexpr shape small{.width = 8, .vocab = 67, .context = 24};
using task_type = broadcast<small>;
constexpr shape letters{.vocab = 5, .context = 5};
using letter_task = broadcast<letters>;
static_assert(task<task_type>);

} // namespace

TEST_CASE("broadcast: after a trigger comes the first character", "[task][broadcast]") {
  for (std::size_t bos = 0; bos <= 2; ++bos) {
    task_type const task({.seed = 3, .bos = bos});
    auto const rows = task.sample(40);
    CHECK(task.answer_position() == bos);
    CHECK((rows.table()->bos == task.bos() && rows.table()->unigram_row == task.start_row() + 1));
    std::size_t triggers = 0;
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      auto const tokens = rows.tokens(b);
      auto const answer = tokens[task.answer_position()];
      CHECK_FALSE(task.is_trigger(answer));
      for (std::size_t t = 0; t < small.context; ++t) {
        auto const& law = rows.laws(b)[t];
        REQUIRE(law.trigger == (tokens[t] < task.bos() && task.is_trigger(tokens[t])));
        if (!law.trigger) continue;
        ++triggers;
        REQUIRE(tokens[t + 1] == answer);
        REQUIRE((law.copied == answer && law.copy_weight == 1));
      }
    }
    CHECK(triggers > 100);
  }
}

TEST_CASE("broadcast: elsewhere too, the law is a mixture of the answer and the chain",
          "[task][broadcast]") {
  task_type const task({.seed = 4, .at_triggers = 0.75, .elsewhere = 0.25});
  auto const rows = task.sample(20);
  std::size_t answered[2] = {0, 0}, all[2] = {0, 0};
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    auto const tokens = rows.tokens(b);
    for (std::size_t t = 1; t < small.context; ++t) {
      auto const& law = rows.laws(b)[t];
      double const copy = law.trigger ? 0.75 : 0.25;
      auto const row = rows.table()->row(static_cast<std::size_t>(tokens[t]));
      for (std::size_t v = 0; v < small.vocab; ++v) {
        double const answer = v == static_cast<std::size_t>(tokens[1]) ? copy : 0;
        REQUIRE(law_probability(law, *rows.table(), v) ==
                Approx(answer + (1 - copy) * row[v]).margin(1e-15));
      }
      answered[law.trigger] += tokens[t + 1] == tokens[1] ? 1 : 0;
      ++all[law.trigger];
    }
  }
  CHECK(answered[1] * 10 > all[1] * 6);
  CHECK(answered[0] * 10 > all[0] * 2);
  CHECK(answered[0] * 10 < all[0] * 5);
}

TEST_CASE("broadcast: keeps the laws of a task, and tokens come as it says", "[task][broadcast]") {
  CHECK(testing::task_laws(task_type({.seed = 16})));
  CHECK(testing::task_laws(task_type({.triggers = 0, .seed = 17, .bos = 0, .elsewhere = 0.5})));
  CHECK(testing::task_laws(
      task_type({.triggers = 5, .seed = 18, .bos = 2, .at_triggers = 0.4, .elsewhere = 0.1})));
  task_type const task({.seed = 5, .at_triggers = 0.5, .elsewhere = 0.25});
  auto const rows = task.sample(2000);
  goodness_of_fit fit(*rows.table());
  for (std::size_t b = 0; b < rows.rows(); ++b)
    for (std::size_t t = 0; t < small.context; ++t) fit.add(rows.laws(b)[t], rows.tokens(b)[t + 1]);
  CHECK(fit.good());
}

TEST_CASE("broadcast: the minimum risks are those of all sequences", "[task][oracle][broadcast]") {
  for (std::size_t bos = 0; bos <= 2; ++bos) {
    for (double const elsewhere : {0.0, 0.3}) {
      letter_task const task({.triggers = 1,
                              .table = tables::three(),
                              .bos = bos,
                              .at_triggers = 0.6,
                              .elsewhere = elsewhere});
      // Written without the task's memories: c is the trigger.
      enumeration const exact(*task.table(), letters.context, [&](std::span<token const> tokens) {
        if (tokens.size() < bos) return next_token_law{.copied = task.bos(), .copy_weight = 1};
        if (tokens.size() == bos) return next_token_law{.row = 3};
        bool const trigger = tokens.back() == 2;
        return next_token_law{.row = tokens.back(),
                              .copied = tokens[bos],
                              .copy_weight = trigger ? 0.6 : elsewhere,
                              .trigger = trigger};
      });
      auto const risk = minimum_risk_of(task);
      CHECK(risk.trigger_share == Approx(exact.share()).epsilon(1e-12));
      CHECK(risk.bigram == Approx(exact.risk(false)).epsilon(1e-12));
      CHECK(risk.backcopy == Approx(exact.risk(true)).epsilon(1e-12));
      CHECK(risk.total == Approx(exact.total()).epsilon(1e-12));
    }
  }
  task_type const pure({.seed = 1});
  CHECK(minimum_risk_of(pure).backcopy == 0);
  auto const [mean, error] = estimate_minimum_risk(pure, 2000);
  CHECK(std::abs(mean.total - minimum_risk_of(pure).total) < 4 * error.total);
}

TEST_CASE("broadcast: what cannot be is refused", "[task][broadcast][errors]") {
  CHECK(error_of([] { task_type({.at_triggers = 1.5}); }) ==
        "the probability of the answer must be between 0 and 1, found 1.5");
  CHECK(error_of([] { task_type({.elsewhere = std::nan("")}); }) ==
        "the probability of the answer must be between 0 and 1, found nan");
  CHECK(error_of([] { task_type({.bos = 3}); }) == "a sequence begins with 0, 1 or 2 <s>, found 3");
}

TEST_CASE("broadcast: a model trains on it and its risks are scored", "[task][broadcast]") {
  constexpr shape tiny{.width = 16, .vocab = 67, .context = 24, .expansion = 2};
  broadcast<tiny> const task({.seed = 2});
  transformer<tiny, softmax> net({.seed = 1});
  auto const result = train(net, task, adamw{.lr = 3e-3}, {.steps = 30, .batch = 8});
  CHECK(std::isfinite(result.loss));
  auto const found = net.evaluate(task.sample(50));
  CHECK(found.backcopy_risk > 0);
  CHECK(found.bigram_risk > minimum_risk_of(task).bigram);
}
