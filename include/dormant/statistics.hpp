// SPDX-License-Identifier: MIT
// What many runs say together: medians, quantiles, the band between the outer tenths, and means and
// medians with the interval in which they would lie for other runs.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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

/// Where a number lies, with a confidence that its source states.
struct interval {
  double low = 0;
  double middle = 0;
  double high = 0;

  [[nodiscard]] bool contains(double value) const { return low <= value && value <= high; }
};

/// A mean, and how far it would go with other values of the same kind.
struct estimated_mean {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN(); ///< deviation / sqrt(n)
  double low = std::numeric_limits<double>::quiet_NaN();  ///< where the bootstrap interval begins
  double high = std::numeric_limits<double>::quiet_NaN(); ///< and where it ends
};

struct bootstrap {
  double share = 0.95; ///< of the means, or medians, of resampled values that the interval holds
  std::size_t resamples = 10'000;
  std::uint64_t seed = 0; ///< the same seed and values give the same interval
};

namespace detail {
/// What a function makes of the values drawn again with replacement, once a resample.
template <class Of>
[[nodiscard]] std::vector<double> of_resamples(std::vector<double> const& values,
                                               bootstrap const& how, Of of) {
  std::vector<double> out(how.resamples), again(values.size());
  for (std::size_t r = 0; r < out.size(); ++r) {
    random_stream draw(how.seed, stream::user, 0, r);
    for (double& v : again) v = values[draw.below(values.size())];
    out[r] = of(again);
  }
  return out;
}
} // namespace detail

/// The mean of some values, its standard error and its bootstrap interval, whose ends are quantiles
/// of the means of values drawn again with replacement (percentile interval, Efron 1979). With few
/// values it is too narrow: of 5, a 95% interval holds the true mean in about 84% of cases.
/// \returns NaN as `quantile`; of a single value only the mean, for it does not tell its spread
[[nodiscard]] inline estimated_mean mean_of(std::vector<double> const& values,
                                            bootstrap const& how = {}) {
  if (values.empty()) return {};
  auto const n = static_cast<double>(values.size());
  double sum = 0, square = 0;
  for (double const v : values) sum += v;
  estimated_mean out{.mean = sum / n};
  if (values.size() == 1) return out;
  for (double const v : values) square += (v - out.mean) * (v - out.mean);
  out.standard_error = std::sqrt(square / (n - 1) / n);
  auto means = detail::of_resamples(values, how, [n](std::vector<double> const& again) {
    double total = 0;
    for (double const v : again) total += v;
    return total / n;
  });
  out.low = quantile(means, (1 - how.share) / 2);
  out.high = quantile(std::move(means), (1 + how.share) / 2);
  return out;
}

/// The median of some values and its bootstrap interval, as `mean_of` has it of the mean.
/// \returns NaN as `quantile`; of a single value an infinitely wide interval
[[nodiscard]] inline interval median_interval(std::vector<double> const& values,
                                              bootstrap const& how = {}) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double const middle = median(values);
  if (std::isnan(middle)) return {middle, middle, middle};
  if (values.size() == 1) return {-infinity, middle, infinity};
  auto medians = detail::of_resamples(values, how, [](auto const& again) { return median(again); });
  double const low = quantile(medians, (1 - how.share) / 2);
  return {low, middle, quantile(std::move(medians), (1 + how.share) / 2)};
}

} // namespace dormant
