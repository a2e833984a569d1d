// SPDX-License-Identifier: MIT
// Whether runs of two kinds that share no seed differ in their mean: the permutation test (Fisher
// 1935, Pitman 1937). If the kinds were the same, any of the runs could as well be of either.
#pragma once

#include "dormant/differences.hpp"
#include "dormant/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace dormant {

struct permutations {
  dormant::tail tail = tail::upper;
  std::size_t draws = 99'999; ///< of divisions, where all of them are more than a million
  std::uint64_t seed = 0;     ///< of those draws
};

namespace detail {
inline constexpr double most_divisions = 1e6;

/// Calls f(sum) with the sum of every choice of `count` of the values.
template <class F>
void each_sum(std::span<double const> values, std::size_t count, double sum, F const& f) {
  if (count == 0) return f(sum);
  for (std::size_t i = 0; i + count <= values.size(); ++i)
    each_sum(values.subspan(i + 1), count - 1, sum + values[i], f);
}

/// n! / (k! (n - k)!), nearly; infinity where that is too large.
[[nodiscard]] inline double choices(std::size_t n, std::size_t k) {
  double ways = 1;
  for (std::size_t i = 0; i < k; ++i)
    ways *= static_cast<double>(n - i) / static_cast<double>(i + 1);
  return ways;
}
} // namespace detail

/// How often the difference of means is as large as seen, if which run is of which kind falls by
/// chance. All divisions are counted up to a million of them (11 against 11); beyond, `draws` are
/// made and p is (1 + those as far out) / (1 + draws). Runs that share their seeds are better
/// compared by `sign_flip_test`, which does not mistake what a seed does to both for a difference.
/// \returns mean(a) - mean(b) as statistic; NaN if there are none of one kind, or if one is NaN or
///   infinite: a run that failed must not look like none
[[nodiscard]] inline test_result permutation_test(std::vector<double> const& a,
                                                  std::vector<double> const& b,
                                                  permutations const& how = {}) {
  auto all = a;
  all.insert(all.end(), b.begin(), b.end());
  auto const n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  double total = 0, size = 0, first = 0;
  for (double const v : all) total += v;
  // Around the mean, so that a large one does not hide small differences.
  double const mean = total / (n + m);
  for (double& v : all) size += std::abs(v -= mean);
  if (a.empty() || b.empty() || !std::isfinite(size)) return {};
  for (std::size_t i = 0; i < a.size(); ++i) first += all[i];

  // The sum of the others is 0 less this one, so the difference of means follows from one sum.
  auto const far_out = [side = how.tail](double sum) {
    return side == tail::upper ? sum : side == tail::lower ? -sum : std::abs(sum);
  };
  double const least = far_out(first) - 1e-12 * size; // equal but for rounding is as far
  test_result out{.statistic = first / n + first / m};
  double found = 0;
  if (detail::choices(all.size(), a.size()) <= detail::most_divisions) {
    double divisions = 0;
    detail::each_sum(all, a.size(), 0, [&](double sum) {
      ++divisions;
      found += far_out(sum) >= least ? 1 : 0;
    });
    out.p = found / divisions;
    return out;
  }
  for (std::size_t r = 0; r < how.draws; ++r) {
    random_stream draw(how.seed, stream::user, 3, r);
    double sum = 0;
    // Any order will do to begin with, so it is that of the draw before.
    for (std::size_t i = 0; i < a.size(); ++i) {
      std::swap(all[i], all[i + draw.below(all.size() - i)]);
      sum += all[i];
    }
    found += far_out(sum) >= least ? 1 : 0;
  }
  out.p = (found + 1) / (static_cast<double>(how.draws) + 1);
  out.exact = false;
  return out;
}

} // namespace dormant
