// SPDX-License-Identifier: MIT
// How far p-values are from those of a right test where nothing is to be found.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

/// The largest distance between the share of values below x and x, times sqrt(n) (Kolmogorov 1933):
/// of uniform values above 1.63 once in a hundred times, above 1.95 once in a thousand.
inline double distance_from_uniform(std::vector<double> values) {
  std::ranges::sort(values);
  auto const n = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const below = static_cast<double>(i) / n;
    distance = std::max({distance, values[i] - below, below + 1 / n - values[i]});
  }
  return distance * std::sqrt(n);
}

/// The same, of how much too often small values come alone: what a test with few outcomes, whose
/// p-values are too large, must not exceed.
inline double excess_of_small(std::vector<double> values) {
  std::ranges::sort(values);
  auto const n = static_cast<double>(values.size());
  double excess = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    excess = std::max(excess, static_cast<double>(i + 1) / n - values[i]);
  return excess * std::sqrt(n);
}
