// SPDX-License-Identifier: MIT
// Whether two ways of running are the same for all that matters: "no difference was seen" does not
// say so, for too few runs see none either.
#pragma once

#include "dormant/statistics.hpp"

#include <cmath>
#include <string_view>
#include <vector>

namespace dormant {

/// A mean difference with its 90% interval, beside the margin below which it would not matter.
struct equivalence {
  estimated_mean difference{};
  double margin = 0;

  /// The interval lies inside the margin: two one-sided tests at 5% (Schuirmann 1987).
  [[nodiscard]] bool shown() const { return -margin < difference.low && difference.high < margin; }
  /// The interval lies wholly beyond the margin.
  [[nodiscard]] bool refuted() const {
    return difference.low > margin || difference.high < -margin;
  }
  /// "equivalent within the margin", "differs by more than the margin" or "undecided".
  [[nodiscard]] std::string_view in_words() const {
    if (shown()) return "equivalent within the margin";
    return refuted() ? "differs by more than the margin" : "undecided";
  }
};

/// \param differences one a pair of runs that share their seed; without any, or with NaN among
///   them, and of a single pair, nothing is decided
/// \param margin chosen before looking at them
[[nodiscard]] inline equivalence equivalence_of(std::vector<double> const& differences,
                                                double margin) {
  return {mean_of(differences, {.share = 0.9}), margin};
}

} // namespace dormant
