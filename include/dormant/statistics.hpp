// SPDX-License-Identifier: MIT
// What many runs say together: medians, quantiles and the band between the outer tenths.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace dormant {

/// The value below which a share of the values lies, linearly interpolated between the two nearest
/// (type 7 of Hyndman and Fan 1996, as in R and NumPy).
/// \param share within [0, 1]
/// \returns NaN without values, or if one of them is NaN: a run that failed must not look like none
[[nodiscard]] inline double quantile(std::vector<double> values, double share) {
  if (values.empty() || std::ranges::any_of(values, [](double v) { return std::isnan(v); }))
    return std::numeric_limits<double>::quiet_NaN();
  double const at = share * static_cast<double>(values.size() - 1);
  auto const below = values.begin() + static_cast<std::ptrdiff_t>(at);
  std::ranges::nth_element(values, below);
  double const rest = at - std::floor(at);
  if (rest == 0) return *below; // not 0 * infinity
  double const next = *std::min_element(below + 1, values.end());
  return *below == next ? next : *below + rest * (next - *below);
}

/// The middle value; of an even number, the mean of the middle two. NaN as `quantile`.
[[nodiscard]] inline double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

/// Where most values lie: what figures draw of a number over seeds.
struct band {
  double low = std::numeric_limits<double>::quiet_NaN();    ///< 10% quantile
  double middle = std::numeric_limits<double>::quiet_NaN(); ///< median
  double high = std::numeric_limits<double>::quiet_NaN();   ///< 90% quantile
};

/// The band of some values, NaN as `quantile`.
[[nodiscard]] inline band band_of(std::vector<double> const& values) {
  return {quantile(values, 0.1), median(values), quantile(values, 0.9)};
}

} // namespace dormant
