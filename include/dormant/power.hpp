// SPDX-License-Identifier: MIT
// What difference a number of pairs of runs could have shown, which has to be said beside "none was
// found". Apart from paired_test.hpp because Boost.Math takes seconds to compile.
#pragma once

#include "dormant/error.hpp"
#include "dormant/paired_test.hpp"
#include "dormant/proportion.hpp"
#include "dormant/random.hpp"
#include "dormant/statistics.hpp"

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace dormant {

/// Of a test on one side: that the difference is above 0.
struct power_options {
  double level = 0.05; ///< p-values up to this count as a difference found
  double power = 0.8;  ///< how often it is to be found
};

/// The smallest p-value that a test of n pairs by signs, such as `sign_flip_test` of the mean or
/// `wilcoxon_test`, can give: 2^-n, on both sides twice that. Five pairs cannot show 1%.
[[nodiscard]] inline double smallest_p(std::size_t pairs, tail side = tail::upper) {
  double const one_side = std::ldexp(1, -static_cast<int>(std::min<std::size_t>(pairs, 4096)));
  return std::min(side == tail::both ? 2 * one_side : one_side, 1.0);
}

namespace detail {
inline void check(power_options const& how) {
  if (!(how.level > 0 && how.level < how.power && how.power < 1)) {
    refuse({"a power lies between the level and 1, but here are a level of ", how.level,
            " and a power of ", how.power});
  }
}
} // namespace detail

/// How often Student's test of n differences on one side finds a true mean difference (noncentral
/// t). The sign-flip test of normal differences is nearly as good.
/// \param in_deviations the true difference, divided by the standard deviation of the differences
/// \returns NaN of fewer than 2 pairs, which tell no deviation
/// \throws dormant::error for a level outside (0, 1)
[[nodiscard]] inline double power_of(double in_deviations, std::size_t pairs, double level = 0.05) {
  if (!(level > 0 && level < 1)) refuse({"a level lies between 0 and 1, but here is ", level});
  if (pairs < 2 || std::isnan(in_deviations)) return std::numeric_limits<double>::quiet_NaN();
  auto const n = static_cast<double>(pairs);
  boost::math::students_t const none(n - 1);
  double const least = boost::math::quantile(boost::math::complement(none, level));
  double const shift = in_deviations * std::sqrt(n);
  // So far from 0 (which Boost refuses) only the spread that is estimated is left to chance.
  if (std::abs(shift) > 1e4) {
    double const spread = std::min((n - 1) * (shift / least) * (shift / least), 1e300);
    return shift < 0 ? 0 : boost::math::cdf(boost::math::chi_squared(n - 1), spread);
  }
  boost::math::non_central_t const truth(n - 1, shift);
  return boost::math::cdf(boost::math::complement(truth, least));
}

/// The mean difference, in standard deviations of the differences, that n pairs find with that
/// power: where `power_of` reaches it. For large n about (1.64 + 0.84) / sqrt(n).
/// \returns NaN of fewer than 2 pairs
/// \throws dormant::error if the power is not between the level and 1
[[nodiscard]] inline double detectable_deviations(std::size_t pairs,
                                                  power_options const& how = {}) {
  detail::check(how);
  if (pairs < 2) return std::numeric_limits<double>::quiet_NaN();
  double low = 0, high = 1;
  while (power_of(high, pairs, how.level) < how.power) high *= 2;
  while (high - low > 1e-9 * high) {
    double const middle = (low + high) / 2;
    (power_of(middle, pairs, how.level) < how.power ? low : high) = middle;
  }
  return high;
}

/// The mean difference that as many pairs as these find with that power, in the unit of the
/// differences, and its 95% interval: their spread is known only as well as so few tell it
/// (chi-squared, of normal differences). It depends on their spread alone, not on their mean.
/// \param differences one a pair of runs that share their seed
/// \returns NaN of fewer than 2 pairs, or with a NaN among them
/// \throws as `detectable_deviations`
[[nodiscard]] inline interval detectable_difference(std::vector<double> const& differences,
                                                    power_options const& how = {}) {
  auto const n = static_cast<double>(differences.size());
  double const least = detectable_deviations(differences.size(), how);
  double mean = 0, square = 0;
  for (double const d : differences) mean += d / n;
  for (double const d : differences) square += (d - mean) * (d - mean);
  if (!std::isfinite(least * square)) return {least * square, least * square, least * square};
  boost::math::chi_squared const spread(n - 1);
  auto const with = [&](double divisor) { return least * std::sqrt(square / divisor); };
  return {with(boost::math::quantile(spread, 0.975)), with(n - 1),
          with(boost::math::quantile(spread, 0.025))};
}

struct simulated_power {
  double level = 0.05;       ///< p-values up to this count as a difference found
  std::size_t trials = 1000; ///< simulated studies
  std::uint64_t seed = 0;
};

/// How often the sign-flip test finds a mean difference among `pairs` pairs whose differences are
/// as those seen, moved so that their mean is `truth`, and drawn with replacement. Asks no law of
/// the differences; few of them tell it poorly. With several truths it is a power curve, in which
/// each study meets the same draws, so that the curve does not fall by chance.
/// \param differences those of a pilot study, at least 2 for a spread
/// \returns the share of studies and its exact 95% interval; NaN without differences, or with a NaN
[[nodiscard]] inline interval power_of_sign_flips(std::vector<double> const& differences,
                                                  double truth, std::size_t pairs,
                                                  simulated_power const& how = {}) {
  double mean = 0;
  for (double const d : differences) mean += d / static_cast<double>(differences.size());
  if (differences.empty() || !std::isfinite(mean + truth))
    return {0, std::numeric_limits<double>::quiet_NaN(), 1};
  std::vector<double> study(pairs);
  std::size_t found = 0;
  for (std::size_t t = 0; t < how.trials; ++t) {
    random_stream draw(how.seed, stream::user, 4, t);
    for (double& d : study) d = differences[draw.below(differences.size())] - mean + truth;
    found += sign_flip_test(study, {.draws = 999, .seed = t}).p <= how.level ? 1 : 0;
  }
  return rate_of(found, how.trials);
}

} // namespace dormant
