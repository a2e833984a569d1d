// SPDX-License-Identifier: MIT
// The alias tables hold exactly the laws they were given, and draws follow them.
#include "dormant/task/alias_table.hpp"

#include "catch.hpp"
#include "dormant/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

using namespace dormant;

namespace {

std::vector<double> random_weights(std::size_t outcomes, std::uint64_t row) {
  random_stream random(5, stream::user, 0, row);
  std::vector<double> weights(outcomes);
  for (auto& w : weights) w = random.uniform() < 0.4 ? 0 : std::exp(6 * random.normal());
  weights[random.below(outcomes)] += 1e-3;
  return weights;
}

void check_row(alias_table const& table, std::size_t row, std::vector<double> const& weights) {
  double const total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    double const p = table.probability(row, k);
    if (weights[k] == 0) CHECK(p == 0);
    CHECK(p == Approx(weights[k] / total).margin(1e-12).epsilon(0));
  }
}

} // namespace

TEST_CASE("the probabilities of a table are those it was made from", "[task][alias]") {
  for (std::size_t const outcomes : {1U, 2U, 3U, 65U, 1000U}) {
    std::vector<std::vector<double>> rows;
    for (std::uint64_t r = 0; r < 5; ++r) rows.push_back(random_weights(outcomes, r));
    rows.emplace_back(outcomes, 1.0);
    std::vector<double> last(outcomes, 0.0);
    last.back() = 1e-300;
    rows.push_back(last);
    alias_table table(rows.size(), outcomes);
    for (std::size_t r = 0; r < rows.size(); ++r) table.set_row(r, rows[r]);
    REQUIRE(table.rows() == rows.size());
    REQUIRE(table.outcomes() == outcomes);
    for (std::size_t r = 0; r < rows.size(); ++r) check_row(table, r, rows[r]);
  }
}

TEST_CASE("draws follow the law", "[task][alias]") {
  constexpr double draws = 400'000;
  std::vector<double> const weights{0, 1, 2, 3, 0, 10, 0.5, 100, 7, 7};
  double const total = std::accumulate(weights.begin(), weights.end(), 0.0);
  alias_table table(2, weights.size());
  table.set_row(0, std::vector<double>(weights.size(), 1.0));
  table.set_row(1, weights);
  std::vector<double> count(weights.size());
  random_stream random(6, stream::user, 0, 0);
  for (double i = 0; i < draws; ++i) ++count[table.draw(1, random.bits())];

  double chi_square = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    double const expected = draws * weights[k] / total;
    if (weights[k] == 0) {
      CHECK(count[k] == 0);
    } else {
      chi_square += (count[k] - expected) * (count[k] - expected) / expected;
    }
  }
  CHECK(chi_square < 26); // 7 degrees of freedom: 0.05%
}

TEST_CASE("an outcome of weight zero is never drawn, whatever the bits", "[task][alias]") {
  std::vector<double> const weights{0, 1, 0, 1e-20, 3, 0};
  alias_table table(1, weights.size());
  table.set_row(0, weights);
  for (std::uint64_t high = 0; high < 4096; ++high) {
    for (auto const low : {std::uint64_t{0}, (std::uint64_t{1} << 52U) - 1}) {
      auto const k = table.draw(0, (high << 52U) | low);
      CHECK(weights[k] > 0);
    }
  }
  CHECK(table.draw(0, 0) < weights.size());
  CHECK(table.draw(0, ~std::uint64_t{0}) < weights.size());
}
