// SPDX-License-Identifier: MIT
// A control of equal budget: as many runs as a comparison took, spent on comparing the baseline
// with itself under other seeds. What differs there differs by chance, by a mistake of pairing, or
// because somebody looked until something did.
#pragma once

#include "dormant/differences.hpp"
#include "dormant/error.hpp"
#include "dormant/rank_test.hpp"
#include "dormant/statistics.hpp"

#include <cmath>
#include <string_view>
#include <vector>

namespace dormant {

/// The differences of no effect: the same variant under seeds s less under other seeds s', a pair
/// each. Take seeds that the comparison does not have (`paired_seeds` from a first one beyond its
/// last), or its runs and those of the control are not independent.
/// \throws dormant::error if they are not as many
[[nodiscard]] inline std::vector<double> null_difference(std::vector<double> const& under_seeds,
                                                         std::vector<double> const& under_others) {
  return differences_of(under_seeds, under_others);
}

/// A comparison beside its control.
struct null_control {
  interval effect{};  ///< median of the differences between the variants, 95%
  interval nothing{}; ///< median of the differences of no effect, which should hold 0
  /// Whether the former lie above the latter, below, or apart (Mann and Whitney). The statistic is
  /// the share of pairs in which they do, 1/2 of no effect.
  test_result test{};

  /// The differences are not those of other seeds. False too where a run failed.
  [[nodiscard]] bool beyond(double level = 0.05) const { return test.p <= level; }
  /// "beyond what other seeds alone do", "not beyond what other seeds alone do", or
  /// "undecided, for a run failed".
  [[nodiscard]] std::string_view in_words(double level = 0.05) const {
    if (std::isnan(test.p)) return "undecided, for a number is missing";
    return beyond(level) ? "beyond what other seeds alone do"
                         : "not beyond what other seeds alone do";
  }
};

/// \param differences of the comparison, variant less baseline, one a pair of runs
/// \param nothing from `null_difference`
/// \param side which differences are expected, chosen before looking at them
/// \returns NaN if a run failed, or without any
/// \throws dormant::error if the two are not as many, for then the budgets are not equal
[[nodiscard]] inline null_control against_null(std::vector<double> const& differences,
                                               std::vector<double> const& nothing,
                                               tail side = tail::both, bootstrap const& how = {}) {
  if (differences.size() != nothing.size()) {
    refuse({"a control of equal budget has as many pairs as the comparison, but here are ",
            nothing.size(), " for ", differences.size()});
  }
  return {median_interval(differences, how), median_interval(nothing, how),
          mann_whitney_test(differences, nothing, side)};
}

} // namespace dormant
