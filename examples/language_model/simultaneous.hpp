// SPDX-License-Identifier: MIT
// Means with intervals that hold for many of them together, and how many rows that takes.
#pragma once

#include <dormant/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace language_model {

namespace dm = dormant;

/// A head with more than this on token 0, of weights that sum to one, sinks (arXiv 2410.10781).
inline constexpr double sink_threshold = 0.3;

/// Fewer rows than this have no intervals that hold 95% for so many numbers together: that all rows
/// go in the same direction would happen by chance too often.
inline std::size_t rows_needed(std::size_t numbers) {
  return 1 + static_cast<std::size_t>(std::ceil(std::log2(static_cast<double>(numbers) / 0.05)));
}

/// The mean over rows, whose interval is one of so many that hold 95% together (Bonferroni).
/// \param enough whether there are rows for that; the ends of the interval are NaN otherwise
inline dm::estimated_mean mean_among(std::size_t numbers, std::vector<double> const& rows,
                                     bool enough) {
  if (enough) {
    // So many resamples that the ends of an interval are among them.
    return dm::mean_of(rows, {.share = 1 - 0.05 / static_cast<double>(numbers),
                              .resamples = std::max<std::size_t>(10'000, 40 * numbers)});
  }
  auto mean = dm::mean_of(rows, {.resamples = 1});
  mean.low = mean.high = std::numeric_limits<double>::quiet_NaN();
  return mean;
}

} // namespace language_model
