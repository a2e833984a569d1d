// SPDX-License-Identifier: MIT
// How often something happens, from how often it was seen: exact intervals of a rate (Clopper and
// Pearson 1934). Apart from statistics.hpp because Boost.Math takes seconds to compile.
#pragma once

#include "dormant/error.hpp"
#include "dormant/statistics.hpp"

#include <boost/math/special_functions/beta.hpp>

#include <cstddef>
#include <limits>

namespace dormant {

namespace detail {
inline void check_counts(std::size_t seen, std::size_t of, double confidence) {
  if (seen > of) refuse({"a rate cannot be that of ", seen, " among ", of});
  if (!(confidence > 0 && confidence < 1)) {
    refuse({"a confidence lies between 0 and 1, but here is ", confidence});
  }
}
} // namespace detail

/// The rate that is exceeded with that confidence, whatever it is: if it were this or
/// less, `seen` or more among `of` would be seen with a probability of at most 1 -
/// `confidence`. 0 if none was seen.
/// \throws dormant::error if more were seen than there are, or for a confidence outside (0, 1)
[[nodiscard]] inline double rate_at_least(std::size_t seen, std::size_t of,
                                          double confidence = 0.95) {
  detail::check_counts(seen, of, confidence);
  if (seen == 0) return 0;
  auto const n = static_cast<double>(of), k = static_cast<double>(seen);
  return boost::math::ibeta_inv(k, n - k + 1, 1 - confidence);
}

/// The rate and its two-sided interval, with half of the doubt on either side; so the ends of a 90%
/// interval are the one-sided bounds of 95%. Of none among none: NaN within [0, 1].
/// \throws as `rate_at_least`
[[nodiscard]] inline interval rate_of(std::size_t seen, std::size_t of, double confidence = 0.95) {
  detail::check_counts(seen, of, confidence);
  if (of == 0) return {0, std::numeric_limits<double>::quiet_NaN(), 1};
  double const one_sided = (1 + confidence) / 2;
  return {rate_at_least(seen, of, one_sided), static_cast<double>(seen) / static_cast<double>(of),
          1 - rate_at_least(of - seen, of, one_sided)};
}

} // namespace dormant
