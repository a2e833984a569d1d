// SPDX-License-Identifier: MIT
// The oracle against enumeration of every sequence, against samples, and against the paper.
#include "dormant/task/oracle.hpp"

#include "catch.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/task/bigram_csv.hpp"
#include "task/tables.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <vector>

using namespace dormant;

namespace {

constexpr shape letters{.vocab = 5, .context = 6};
using letter_task = bigram_backcopy<letters>;

// Risks by walking every sequence with its probability.
class enumeration {
public:
  explicit enumeration(letter_task const& task) : task_(task) {
    std::vector<token> tokens;
    walk(tokens, 1);
  }
  [[nodiscard]] double share() const { return mass_[1] / (mass_[0] + mass_[1]); }
  [[nodiscard]] double risk(bool trigger) const {
    return mass_[trigger] > 0 ? risk_[trigger] / mass_[trigger] : 0;
  }
  [[nodiscard]] double total() const { return (risk_[0] + risk_[1]) / (mass_[0] + mass_[1]); }

private:
  void walk(std::vector<token>& tokens, double probability) {
    auto const n = tokens.size();
    next_token_law law{.copied = task_.bos(), .copy_weight = 1};
    if (n == task_.leading_bos()) law = task_.law_of_start();
    if (n > task_.leading_bos()) law = task_.law_after(n > 1 ? tokens[n - 2] : 0, tokens[n - 1]);
    double entropy = 0;
    for (std::size_t t = 0; t < letters.vocab; ++t) {
      double const p = law_probability(law, *task_.table(), t);
      if (p <= 0) continue;
      entropy -= p * std::log(p);
      if (n == letters.context) continue;
      tokens.push_back(static_cast<token>(t));
      walk(tokens, probability * p);
      tokens.pop_back();
    }
    if (n == 0) return;
    mass_[law.trigger] += probability;
    risk_[law.trigger] += probability * entropy;
  }

  letter_task const& task_;
  std::array<double, 2> mass_{}; // [trigger]
  std::array<double, 2> risk_{};
};

} // namespace

TEST_CASE("the minimum risks are those of all sequences, weighted", "[task][oracle]") {
  for (trigger_rule const rule :
       {backcopy, plain_markov, bigram_backward, trigger_rule{.copy = 0.3F},
        trigger_rule{.copy = 0.6F, .otherwise = trigger_rule::row::previous}}) {
    for (std::size_t bos = 0; bos <= 2; ++bos) {
      for (std::size_t triggers = 0; triggers <= 2; ++triggers) {
        letter_task const task(
            {.triggers = triggers, .table = tables::three(), .bos = bos, .rule = rule});
        enumeration const exact(task);
        auto const risk = minimum_risk_of(task);
        CHECK(risk.trigger_share == Approx(exact.share()).epsilon(1e-12));
        CHECK(risk.bigram == Approx(exact.risk(false)).epsilon(1e-12));
        CHECK(risk.backcopy == Approx(exact.risk(true)).epsilon(1e-12));
        CHECK(risk.total == Approx(exact.total()).epsilon(1e-12));
      }
    }
  }
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
