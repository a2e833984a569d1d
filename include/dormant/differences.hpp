// SPDX-License-Identifier: MIT
// Differences between runs that share their seed, and what a test of whether there is one says.
#pragma once

#include "dormant/error.hpp"
#include "dormant/statistics.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace dormant {

/// Which statistics speak against "there is no difference".
enum class tail : std::uint8_t { upper, lower, both };

/// What a test makes of some numbers.
struct test_result {
  double statistic = std::numeric_limits<double>::quiet_NaN(); ///< each test says which
  /// Chance of a statistic as far out or farther, were there no difference.
  double p = std::numeric_limits<double>::quiet_NaN();
  bool exact = true; ///< all cases were counted; else some were drawn at random
};

/// a[s] - b[s] of every seed s, NaN where one of the runs failed. Of two infinities that are the
/// same, such as a step that neither run reached, it is 0.
/// \throws dormant::error if they are not as many
[[nodiscard]] inline std::vector<double> differences_of(std::vector<double> const& a,
                                                        std::vector<double> const& b) {
  if (a.size() != b.size())
    refuse({"pairs need as many of either kind, found ", a.size(), " and ", b.size()});
  std::vector<double> out(a.size());
  for (std::size_t s = 0; s < out.size(); ++s) out[s] = a[s] == b[s] ? 0 : a[s] - b[s];
  return out;
}

/// The median over seeds of a - b, and its bootstrap interval with the seeds drawn again, each with
/// both of its runs. NaN if a run failed.
/// \throws as `differences_of`
[[nodiscard]] inline interval median_difference(std::vector<double> const& a,
                                                std::vector<double> const& b,
                                                bootstrap const& how = {}) {
  return median_interval(differences_of(a, b), how);
}

} // namespace dormant
