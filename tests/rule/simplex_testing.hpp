// SPDX-License-Identifier: MIT
// What sparsemax and entmax15 owe alike: a threshold t below the highest score, such that weights
// of what is above it sum to one.
#pragma once

#include "rule_testing.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace simplex_testing {

using namespace rule_testing;

/// The weights by halving an interval until nothing is between its ends.
/// \param weight of a score that lies `below` the highest, for a threshold t
template <class Weight>
std::vector<double> by_bisection(std::vector<double> const& s, Weight weight) {
  double const top = *std::max_element(s.begin(), s.end());
  double low = -1, high = 0;
  for (double t = -0.5; low < t && t < high; t = low + (high - low) / 2) {
    double sum = 0;
    for (double const x : s) sum += weight(x - top, t);
    (sum > 1 ? low : high) = t;
  }
  std::vector<double> a;
  for (double const x : s) a.push_back(weight(x - top, low));
  return a;
}

template <class Rule, class Weight>
void agrees_with_bisection(Weight weight) {
  for (std::size_t const keys : {1U, 2U, 3U, 8U, 17U, 64U, 1000U, 4096U}) {
    for (double const spread : {0.0, 1e-6, 0.01, 1.0, 30.0}) {
      INFO("row of " << keys << ", scores within " << 2 * spread);
      auto s = some_scores(keys);
      for (double& x : s) x *= spread;
      auto const a = weights<Rule>(s);
      auto const expected = by_bisection(s, weight);
      double off = 0;
      for (std::size_t j = 0; j < keys; ++j) off = std::max(off, std::abs(a[j] - expected[j]));
      CHECK(off < 1e-15);
      CHECK(sum_of(a) == Approx(1).epsilon(1e-12));
      std::vector<float> const narrow(s.begin(), s.end());
      CHECK(sum_of(weights<Rule, float>(narrow)) == Approx(1).epsilon(1e-6));
    }
  }
  // Scores of ever smaller steps, of which each takes keys away.
  std::vector<double> s(1024);
  for (std::size_t j = 0; j < s.size(); ++j) s[j] = -std::pow(0.98, static_cast<double>(j));
  auto const a = weights<Rule>(s), expected = by_bisection(s, weight);
  for (std::size_t j = 0; j < s.size(); ++j) CHECK(std::abs(a[j] - expected[j]) < 1e-15);
}

/// t is next to a key's score there, where a float has few digits for what is above it.
template <class Rule>
void sums_to_one_above_low_keys() {
  for (float const low : {-0.5F, -0.99F, -1.F, -1.5F, -1.9F, -1.99F, -2.F, -2.01F}) {
    INFO("keys at " << low);
    std::vector<float> s(1000, low);
    s[123] = 0;
    CHECK(sum_of(weights<Rule, float>(s)) == Approx(1).epsilon(1e-6));
  }
}

template <class Rule>
void ignores_what_all_scores_share() {
  std::vector<double> const s{0.5, -0.25, 0.125, -4, 0.5};
  auto up = s;
  for (double& x : up) x += 1024;
  CHECK(weights<Rule>(s) == weights<Rule>(up));
}

template <class Rule>
void takes_one_key_nan_and_infinity() {
  double const inf = std::numeric_limits<double>::infinity();
  CHECK(weights<Rule>({-7}) == std::vector<double>{1});
  CHECK(weights<Rule>({1, -inf}) == std::vector<double>{1, 0});
  CHECK(std::isnan(weights<Rule>({1, std::nan(""), 2})[1]));
  CHECK(std::isnan(weights<Rule>({std::nan("")})[0]));
  CHECK(std::isnan(weights<Rule>({1, inf})[1]));
}

} // namespace simplex_testing
