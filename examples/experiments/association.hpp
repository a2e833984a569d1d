// SPDX-License-Identifier: MIT
// Whether a number goes with another over runs: rank correlation, its bootstrap
// interval, the chance of as much by permutation, and what is left of that chance
// after several numbers were tried.
#pragma once

#include "dormant/random.hpp"
#include "dormant/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace paper {

namespace dm = dormant;

/// Ranks from 1; equal values share the mean of theirs.
[[nodiscard]] inline std::vector<double> ranks_of(std::vector<double> const& values) {
  std::vector<double> out;
  for (double const v : values) {
    double below = 0, same = 0;
    for (double const w : values) {
      below += w < v ? 1 : 0;
      same += w == v ? 1 : 0;
    }
    out.push_back(below + (same + 1) / 2);
  }
  return out;
}

/// Pearson's correlation; NaN where one side does not vary.
[[nodiscard]] inline double correlation(std::vector<double> const& x,
                                        std::vector<double> const& y) {
  auto const n = static_cast<double>(x.size());
  double const mx = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double const my = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

/// Spearman's rank correlation.
[[nodiscard]] inline double rank_correlation(std::vector<double> const& x,
                                             std::vector<double> const& y) {
  return correlation(ranks_of(x), ranks_of(y));
}

/// A property that was looked at.
struct association {
  std::string of{};
  double rank = 0;              ///< correlation
  double low = 0, high = 0;     ///< 95% bootstrap interval over runs (percentile)
  double chance = 1;            ///< two-sided, by permutation
  double chance_of_all = 1;     ///< after Holm's correction for all properties of the list
  double first = 0, second = 0; ///< over the runs of even and of odd place
};

/// Every other value.
[[nodiscard]] inline std::vector<double> half_of(std::vector<double> const& values,
                                                 std::size_t from) {
  std::vector<double> out;
  for (auto i = from; i < values.size(); i += 2) out.push_back(values[i]);
  return out;
}

/// \param draws resamples of the interval, and permutations
[[nodiscard]] inline association associate(std::string of, std::vector<double> const& x,
                                           std::vector<double> const& y, std::size_t draws = 4000) {
  association out{.of = std::move(of), .rank = rank_correlation(x, y)};
  out.first = rank_correlation(half_of(x, 0), half_of(y, 0));
  out.second = rank_correlation(half_of(x, 1), half_of(y, 1));
  if (std::isnan(out.rank)) return out; // one side does not vary: it says nothing
  auto const rx = ranks_of(x), ry = ranks_of(y);
  std::vector<double> again, a(x.size()), b(x.size());
  std::size_t as_much = 1; // the order that was found is one of them
  for (std::size_t r = 0; r < draws; ++r) {
    dm::random_stream draw(0, dm::stream::user, 3, r);
    for (std::size_t i = 0; i < x.size(); ++i) {
      auto const from = draw.below(x.size());
      a[i] = x[from];
      b[i] = y[from];
    }
    double const found = rank_correlation(a, b);
    if (!std::isnan(found)) again.push_back(found);
    auto shuffled = ry;
    for (auto i = shuffled.size(); i > 1; --i) std::swap(shuffled[i - 1], shuffled[draw.below(i)]);
    if (std::abs(correlation(rx, shuffled)) >= std::abs(out.rank) - 1e-12) ++as_much;
  }
  out.low = dm::quantile(again, 0.025);
  out.high = dm::quantile(again, 0.975);
  out.chance = static_cast<double>(as_much) / static_cast<double>(draws + 1);
  return out;
}

/// Holm's correction (1979): the smallest chance times their number, the next times one less, and
/// so on, never below one before it.
inline void correct(std::vector<association>& all) {
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return all[i].chance; });
  double least = 0;
  for (std::size_t n = 0; n < order.size(); ++n) {
    auto& one = all[order[n]];
    least = std::max(least, std::min(1.0, one.chance * static_cast<double>(all.size() - n)));
    one.chance_of_all = least;
  }
}

} // namespace paper
