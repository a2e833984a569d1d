// SPDX-License-Identifier: MIT
// Rows for the tests of attention rules: what a rule makes of some scores, there and back.
#pragma once

#include "dormant/testing/rule_laws.hpp"

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace rule_testing {

/// T of the model that the rows pretend to come from.
inline constexpr std::size_t context = 32;

template <class Rule, class T>
using bench = dormant::testing::detail::rule_bench<Rule, T, xsimd::default_arch>;

/// The weights of a row of scores.
template <class Rule, class T = double>
std::vector<T> weights(std::vector<T> scores, std::vector<T> learned = {}) {
  auto const keys = scores.size();
  bench<Rule, T> row(std::move(scores), std::move(learned), context);
  auto out = row.forward();
  out.resize(keys);
  return out;
}
/// dL/ds where dL/dA is `upstream`.
template <class Rule, class T = double>
std::vector<T> gradient(std::vector<T> scores, std::vector<T> const& upstream) {
  auto const keys = scores.size();
  bench<Rule, T> row(std::move(scores), {}, context);
  row.forward();
  auto out = row.backward(upstream);
  out.resize(keys);
  return out;
}
template <class T>
double sum_of(std::vector<T> const& values) {
  double sum = 0;
  for (T const v : values) sum += static_cast<double>(v);
  return sum;
}
/// Scores between -2 and 2, of which some are negative in any row of three or more.
template <class T = double>
std::vector<T> some_scores(std::size_t keys) {
  std::vector<T> s(keys);
  for (std::size_t j = 0; j < keys; ++j) s[j] = T(std::sin(3.0 * static_cast<double>(j)) * 2);
  return s;
}

} // namespace rule_testing
