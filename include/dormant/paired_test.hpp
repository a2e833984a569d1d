// SPDX-License-Identifier: MIT
// Whether runs that share their seed differ: the sign-flip test of their differences (Fisher 1935).
// If the two ways of running were the same, each difference could as well have the other sign.
#pragma once

#include "dormant/differences.hpp"
#include "dormant/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dormant {

/// What is tested for 0.
enum class center : std::uint8_t { mean, median };

struct sign_flips {
  center of = center::mean;
  dormant::tail tail = tail::upper;
  std::size_t draws = 99'999; ///< of signs, where all of them are too many
  std::uint64_t seed = 0;     ///< of those draws
};

namespace detail {
/// Statistics closer than this share of the largest sum are the same but for rounding, so they
/// count as farther out, which is the careful side.
inline constexpr double rounding_of_sums = 1e-12;

/// Rooms for the sums of all signs: 2^20 of either half of the differences, or 2^20 medians.
inline constexpr std::size_t most_exact_means = 40, most_exact_medians = 20;

/// +-v[0] +- v[1] ... of all signs, in ascending order.
[[nodiscard]] inline std::vector<double> sums_of_all_signs(std::span<double const> values) {
  std::vector<double> sums{0}, less, more;
  for (double const v : values) {
    less = more = sums;
    for (double& s : less) s -= std::abs(v);
    for (double& s : more) s += std::abs(v);
    sums.resize(2 * less.size());
    std::ranges::merge(less, more, sums.begin());
  }
  return sums;
}

/// The share of signs with which the sum is at least that. Every sum is one of the
/// first half of the differences plus one of the second, and either half is sorted, so
/// no sum has to be formed twice.
[[nodiscard]] inline double share_of_sums(std::span<double const> values, double least) {
  auto const first = sums_of_all_signs(values.first(values.size() / 2));
  auto const second = sums_of_all_signs(values.subspan(values.size() / 2));
  auto rest = second.size();
  double share = 0;
  for (double const x : first) {
    while (rest > 0 && x + second[rest - 1] >= least) --rest;
    share += static_cast<double>(second.size() - rest);
  }
  return std::ldexp(share, -static_cast<int>(values.size()));
}

/// The statistic of differences with other signs: bit i of `signs` flips difference i.
class flipped {
public:
  flipped(std::vector<double> const& differences, center of)
      : differences_(differences), other_(differences), of_(of) {}
  [[nodiscard]] double operator()(std::span<std::uint64_t const> signs) {
    auto const n = other_.size();
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double const d = differences_[i];
      sum += other_[i] = (signs[i / 64] >> i % 64 & 1) != 0 ? -d : d;
    }
    if (of_ == center::mean) return sum / static_cast<double>(n);
    auto const upper = other_.begin() + static_cast<std::ptrdiff_t>(n / 2);
    std::ranges::nth_element(other_, upper);
    return n % 2 == 1 ? *upper : (*std::max_element(other_.begin(), upper) + *upper) / 2;
  }

private:
  std::span<double const> differences_;
  std::vector<double> other_;
  center of_;
};
} // namespace detail

/// How often the mean, or median, of differences is as large as seen if signs fall by chance. All
/// 2^n signs are counted for means of up to 40 and medians of up to 20 differences; beyond, `draws`
/// are made and p is (1 + those as far out) / (1 + draws), which is never too small (Phipson and
/// Smyth 2010). No p of a mean is below 2^-n, of a median 2^-(n/2+1), and on both sides twice that.
/// \param differences one a pair of runs that share their seed
/// \returns the mean or median as statistic; NaN without differences, or if one is NaN
///   or infinite: a run that failed must not look like none. `wilcoxon_test` knows
///   what to do with infinite ones.
[[nodiscard]] inline test_result sign_flip_test(std::vector<double> const& differences,
                                                sign_flips const& how = {}) {
  auto const n = differences.size();
  double total = 0;
  for (double const d : differences) total += std::abs(d);
  if (n == 0 || !std::isfinite(total)) return {};
  detail::flipped statistic(differences, how.of);
  std::vector<std::uint64_t> signs((n + 63) / 64);
  test_result out{.statistic = statistic(signs)};
  double const seen = how.tail == tail::upper   ? out.statistic
                      : how.tail == tail::lower ? -out.statistic
                                                : std::abs(out.statistic);
  double const least = seen - detail::rounding_of_sums * (total / static_cast<double>(n));
  auto const far = [&](double s) {
    return how.tail == tail::both ? std::abs(s) >= least
                                  : (how.tail == tail::upper ? s : -s) >= least;
  };
  if (how.of == center::mean && n <= detail::most_exact_means) {
    // The sums of all signs lie symmetrically around 0, so one side is like the other.
    double const share = detail::share_of_sums(differences, least * static_cast<double>(n));
    out.p = how.tail == tail::both ? std::min(2 * share, 1.0) : share;
    return out;
  }
  double found = 0;
  if (how.of == center::median && n <= detail::most_exact_medians) {
    auto const all = std::uint64_t{1} << n;
    for (signs[0] = 0; signs[0] < all; ++signs[0]) found += far(statistic(signs)) ? 1 : 0;
    out.p = found / static_cast<double>(all);
    return out;
  }
  for (std::size_t r = 0; r < how.draws; ++r) {
    random_stream draw(how.seed, stream::user, 2, r);
    for (auto& word : signs) word = draw.bits();
    found += far(statistic(signs)) ? 1 : 0;
  }
  out.p = (found + 1) / (static_cast<double>(how.draws) + 1);
  out.exact = false;
  return out;
}

} // namespace dormant
