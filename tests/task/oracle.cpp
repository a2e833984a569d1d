// SPDX-License-Identifier: MIT
// The oracle against enumeration of every sequence, against samples, and against the paper.
#include "dormant/task/oracle.hpp"

#include "catch.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/task/bigram_csv.hpp"
#include "task/enumeration.hpp"
#include "task/tables.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <span>
#include <string>

using namespace dormant;

namespace {

constexpr shape letters{.vocab = 5, .context = 6};
using letter_task = bigram_backcopy<letters>;

// What a sequence of the task begins with, then the law after the last two tokens.
enumeration enumerated(letter_task const& task) {
  return {*task.table(), letters.context, [&task](std::span<token const> tokens) {
            auto const n = tokens.size();
            if (n < task.leading_bos())
              return next_token_law{.copied = task.bos(), .copy_weight = 1};
            if (n == task.leading_bos()) return task.law_of_start();
            return task.law_after(n > 1 ? tokens[n - 2] : 0, tokens[n - 1]);
          }};
}

} // namespace

TEST_CASE("the minimum risks are those of all sequences, weighted", "[task][oracle]") {
  for (trigger_rule const rule :
       {backcopy, plain_markov, bigram_backward, trigger_rule{.copy = 0.3F},
        trigger_rule{.copy = 0.6F, .otherwise = trigger_rule::row::previous}}) {
    for (std::size_t bos = 0; bos <= 2; ++bos) {
      for (std::size_t triggers = 0; triggers <= 2; ++triggers) {
        for (double const delimiters : {0.0, 0.2}) {
          letter_task const task({.triggers = triggers,
                                  .table = tables::three(),
                                  .bos = bos,
                                  .rule = rule,
                                  .delimiters = delimiters});
          auto const exact = enumerated(task);
          auto const risk = minimum_risk_of(task);
          CHECK(risk.trigger_share == Approx(exact.share()).epsilon(1e-12));
          CHECK(risk.bigram == Approx(exact.risk(false)).epsilon(1e-12));
          CHECK(risk.backcopy == Approx(exact.risk(true)).epsilon(1e-12));
          CHECK(risk.total == Approx(exact.total()).epsilon(1e-12));
        }
      }
    }
  }
}

TEST_CASE("a probability of copying is exact in double", "[task][oracle]") {
  for (double const p : {0.1, 0.3, 0.7}) {
    letter_task const task({.triggers = 1, .table = tables::three(), .rule = {.copy = p}});
    auto const& table = *task.table();
    auto const trigger = task.trigger_tokens()[0];
    token const before = trigger == 0 ? 1 : 0;
    auto const law = task.law_after(before, trigger);
    double entropy = 0;
    for (std::size_t t = 0; t < table.vocab; ++t) {
      double const expected = (1 - p) * table.row(static_cast<std::size_t>(trigger))[t] +
                              (t == static_cast<std::size_t>(before) ? p : 0);
      CHECK(law_probability(law, table, t) == Approx(expected).epsilon(1e-15));
      if (expected > 0) entropy -= expected * std::log(expected);
    }
    CHECK(law_entropy(law, table) == Approx(entropy).epsilon(1e-14));
  }
}

TEST_CASE("the minimum risks of a sequence shorter than its <s>", "[task][oracle]") {
  letter_task const task({.triggers = 1, .table = tables::three(), .bos = 2});
  CHECK(minimum_risk_of(task, 1).total == 0);
  CHECK(minimum_risk_of(task, 2).total ==
        Approx(task.table()->entropies[static_cast<std::size_t>(task.start_row())] / 2));
}

TEST_CASE("estimated minimum risks are as near as they say", "[task][oracle]") {
  bigram_backcopy<shape{.context = 32}> const task({.seed = 5, .rule = {.copy = 0.5F}});
  auto const exact = minimum_risk_of(task);
  for (std::size_t const rows : {500U, 4000U}) {
    auto const [mean, error] = estimate_minimum_risk(task, rows);
    CHECK(std::abs(mean.trigger_share - exact.trigger_share) < 4 * error.trigger_share);
    CHECK(std::abs(mean.bigram - exact.bigram) < 4 * error.bigram);
    CHECK(std::abs(mean.backcopy - exact.backcopy) < 4 * error.backcopy);
    CHECK(std::abs(mean.total - exact.total) < 4 * error.total);
    CHECK(error.total > 0);
  }
  auto const few = estimate_minimum_risk(task, 500).standard_error;
  auto const many = estimate_minimum_risk(task, 8000).standard_error;
  CHECK(few.total / many.total == Approx(4).epsilon(0.2));
  CHECK(few.bigram / many.bigram == Approx(4).epsilon(0.2));
}

TEST_CASE("samples have the risks that the oracle foretells", "[task][oracle]") {
  bigram_backcopy<shape{.context = 64}> const task({.seed = 8, .rule = {.copy = 0.5F}});
  auto const batch = task.sample(300);
  std::array<double, 2> mass{};
  std::array<double, 2> surprise{};
  for (std::size_t b = 0; b < batch.rows(); ++b) {
    auto const row = batch.sequence(b);
    for (std::size_t t = 0; t < row.length(); ++t) {
      auto const p =
          law_probability(row.laws[t], *row.table, static_cast<std::size_t>(row.targets[t]));
      ++mass[row.laws[t].trigger];
      surprise[row.laws[t].trigger] -= std::log(p);
    }
  }
  auto const risk = minimum_risk_of(task);
  CHECK(mass[1] / (mass[0] + mass[1]) == Approx(risk.trigger_share).margin(0.01));
  CHECK(surprise[0] / mass[0] == Approx(risk.bigram).margin(0.04));
  CHECK(surprise[1] / mass[1] == Approx(risk.backcopy).margin(0.06));
}

TEST_CASE("cross-entropy of logits is exact and at its least at the law", "[task][oracle]") {
  letter_task const task({.triggers = 1, .table = tables::three()});
  auto const& table = *task.table();
  for (next_token_law const law : {next_token_law{0, 0, 0, false}, next_token_law{1, 2, 1, true},
                                   next_token_law{1, 2, 0.25F, true}}) {
    std::array<double, letters.vocab> best{};
    for (std::size_t t = 0; t < best.size(); ++t)
      best[t] = 1000 + std::log(law_probability(law, table, t)); // -inf where impossible
    std::span<double const> const logits(best);
    CHECK(law_cross_entropy(logits, law, table) == Approx(law_entropy(law, table)).margin(1e-12));
    best[2] += 0.1;
    if (law.copy_weight < 1)
      CHECK(law_cross_entropy(logits, law, table) > law_entropy(law, table) + 1e-6);
  }

  std::array<float, letters.vocab> const flat{-3, -3, -3, -3, -3};
  CHECK(law_cross_entropy(std::span<float const>(flat), {1, 2, 0.5F, true}, table) ==
        Approx(std::log(5.0)).epsilon(1e-14));
  std::array<double, letters.vocab> const peak{0, 0, 800, 0, 0};
  CHECK(law_cross_entropy(std::span<double const>(peak), {0, 1, 1, true}, table) == Approx(800));
  std::array<double, letters.vocab> const bad{0, std::numeric_limits<double>::quiet_NaN(), 0, 0, 0};
  CHECK(std::isnan(law_cross_entropy(std::span<double const>(bad), {0, 0, 0, false}, table)));
}

TEST_CASE("the paper's numbers for tiny Shakespeare", "[task][oracle][paper]") {
  // The counts are not part of this project: name the folder that has them in DORMANT_DATA.
  auto const* const folder = std::getenv("DORMANT_DATA");
  auto const file =
      std::filesystem::path(folder == nullptr ? "" : folder) / "tiny_shakespeare_bigrams.csv";
  if (folder == nullptr || !std::filesystem::exists(file)) {
    WARN("skipped: DORMANT_DATA names no folder with tiny_shakespeare_bigrams.csv");
    return;
  }
  auto const counts = read_bigrams_csv(file);
  CHECK(parse_bigrams_csv(to_csv(counts), "a text") == counts);
  bigram_backcopy<shape{}> const task({.triggers = 5, .table = counts});
  std::string names;
  for (auto const t : task.trigger_tokens()) names += task.token_name(t);
  CHECK(names == "␠etoa");
  CHECK(task.bos() == 65);
  CHECK(task.delimiter() == 66);

  bigram_backcopy<shape{}> const published({.table = counts});
  auto const risk = minimum_risk_of(published);
  CHECK(risk.trigger_share == Approx(0.256).margin(0.001));
  CHECK(risk.total == Approx(1.6549).margin(0.0001));
  // 2.217 nats is the mean entropy of the rows at non-trigger positions, so without position 0.
  auto const& table = *published.table();
  auto const start = static_cast<std::size_t>(published.start_row());
  double const others = 256 * (1 - risk.trigger_share) - 1;
  CHECK((risk.bigram * (others + 1) - table.entropies[start]) / others ==
        Approx(2.217).margin(0.001));
}
