// SPDX-License-Identifier: MIT
// When something forms, and whether two things form together.
#pragma once

#include "common/runs.hpp"

#include <dormant/equivalence.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace paper {

/// The first x at which y has come half of the way from where it was farthest from its last value:
/// when it forms, by no level but its own. Attention on `<s>` is farthest at the start, the value
/// norm of `<s>` at the height it falls from. NaN where y is constant or not finite.
inline double half_way(std::span<double const> x, std::span<double const> y) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (y.empty()) return nan;
  std::size_t farthest = 0;
  auto const off = [&](std::size_t n) { return std::abs(y[n] - y.back()); };
  for (std::size_t n = 0; n < y.size(); ++n) {
    if (!std::isfinite(y[n])) return nan;
    if (off(n) > off(farthest)) farthest = n;
  }
  if (!(off(farthest) > 0)) return nan;
  auto n = farthest;
  while (off(n) > off(farthest) / 2) ++n;
  return x[n];
}

/// The same for a column of every seed.
inline std::vector<double> half_way(runs const& of, std::size_t v, std::string_view column) {
  std::vector<double> out;
  for (auto const& rows : of[v]) {
    std::vector<double> x, y;
    for (auto const& row : rows) {
      x.push_back(row["step"]);
      y.push_back(row[column]);
    }
    out.push_back(half_way(x, y));
  }
  return out;
}

/// Two formation steps of the same seeds: how much later the second is, as a share of the first.
struct together {
  std::vector<double> later{}; ///< one a seed that has both, (second - first) / first
  std::size_t without = 0;     ///< seeds that lack one of the two
  dm::equivalence test{};      ///< of `later` with the margin
};
/// \param margin a share of the first step
inline together formed_together(std::vector<double> const& first, std::vector<double> const& second,
                                double margin) {
  together out;
  for (std::size_t s = 0; s < first.size(); ++s) {
    if (std::isnan(first[s]) || std::isnan(second[s]))
      ++out.without;
    else
      out.later.push_back((second[s] - first[s]) / first[s]);
  }
  out.test = dm::equivalence_of(out.later, margin);
  return out;
}

} // namespace paper
