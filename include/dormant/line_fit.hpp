// SPDX-License-Identifier: MIT
// Straight lines through points, and 95% intervals for their slopes (Student's t). Apart from
// statistics.hpp because Boost.Math takes seconds to compile.
#pragma once

#include "dormant/error.hpp"
#include "dormant/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

namespace dormant {

namespace detail {
/// Half the width of the interval of an estimate with that standard error.
[[nodiscard]] inline double t_margin(double standard_error, std::size_t degrees_of_freedom) {
  if (degrees_of_freedom == 0) return std::numeric_limits<double>::infinity();
  boost::math::students_t const t(static_cast<double>(degrees_of_freedom));
  return boost::math::quantile(t, 0.975) * standard_error;
}
} // namespace detail

/// The mean of independent values, such as one a seed; infinitely wide for a single value.
/// \throws error without values
[[nodiscard]] inline interval mean_interval(std::span<double const> values) {
  if (values.empty()) refuse({"a mean needs at least one value"});
  double const n = static_cast<double>(values.size());
  double const mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (double const v : values) squares += (v - mean) * (v - mean);
  auto const freedom = values.size() - 1;
  double const error = freedom > 0 ? std::sqrt(squares / static_cast<double>(freedom) / n) : 0;
  double const margin = detail::t_margin(error, freedom);
  return {mean - margin, mean, mean + margin};
}

/// y = intercept + slope x by least squares.
struct line {
  interval slope;       ///< honest only if the residuals are independent, see `slope_interval`
  double intercept = 0; ///< y at x = 0
};

/// \param x,y of equal length, at least 2, not all x equal
/// \throws error otherwise
[[nodiscard]] inline line fit_line(std::span<double const> x, std::span<double const> y) {
  auto const n = x.size();
  if (n < 2 || y.size() != n)
    refuse({"a line needs at least 2 points, found ", n, " x and ", y.size(), " y"});
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    mean_x += x[i] / static_cast<double>(n);
    mean_y += y[i] / static_cast<double>(n);
  }
  for (std::size_t i = 0; i < n; ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (!(xx > 0)) refuse({"a line needs points at two different x"});
  double const slope = xy / xx;
  for (std::size_t i = 0; i < n; ++i) {
    double const residual = y[i] - mean_y - slope * (x[i] - mean_x);
    squares += residual * residual;
  }
  double const error = n > 2 ? std::sqrt(squares / static_cast<double>(n - 2) / xx) : 0;
  double const margin = detail::t_margin(error, n - 2);
  return {{slope - margin, slope, slope + margin}, mean_y - slope * mean_x};
}

/// The slope that smooth curves y(x) approach, each curve an independent draw. Around a smooth
/// curve the residuals of a line hang together, and the interval of one fit is far too narrow. What
/// is independent are the draws, so the middle is the mean slope over the later half of the points,
/// and the margin is Student's over the draws. But all draws bend alike, which no number of them
/// shows: the change of the mean slope from the first half to the later is added to the margin. The
/// interval holds the final slope if each half comes at least twice as near to it as the half
/// before.
/// \param x [N], at least 4
/// \param curves each [N]
[[nodiscard]] inline interval slope_interval(std::span<double const> x,
                                             std::span<std::vector<double> const> curves) {
  auto const half = x.size() / 2;
  if (half < 2) refuse({"a slope needs at least 4 points, found ", x.size()});
  std::vector<double> early, late;
  for (std::span<double const> y : curves) {
    if (y.size() != x.size()) refuse({"a curve has ", y.size(), " points for ", x.size(), " x"});
    early.push_back(fit_line(x.first(half), y.first(half)).slope.middle);
    late.push_back(fit_line(x.subspan(half), y.subspan(half)).slope.middle);
  }
  auto out = mean_interval(late);
  double const bend = std::abs(out.middle - mean_interval(early).middle);
  out.low -= bend;
  out.high += bend;
  return out;
}

} // namespace dormant
