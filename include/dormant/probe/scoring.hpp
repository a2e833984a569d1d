// SPDX-License-Identifier: MIT
// How well a score tells two classes apart, and how well two verdicts agree: the area under the ROC
// curve (Mann and Whitney 1947) and Cohen's kappa (1960), as monoids.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace dormant {

/// The scores of two classes. All of them are kept, in the model's precision, so that the area is
/// exact and the same for any cut of a batch; memory is one T a score.
template <class T>
struct ranking {
  std::vector<T> positive, negative;

  void add(bool is_positive, double score) {
    (is_positive ? positive : negative).push_back(static_cast<T>(score));
  }
  ranking& operator+=(ranking const& o) {
    positive.insert(positive.end(), o.positive.begin(), o.positive.end());
    negative.insert(negative.end(), o.negative.begin(), o.negative.end());
    return *this;
  }
  void state(auto&& f) { f(positive, negative); }

  /// The share of pairs, one of each class, in which the positive has the larger score; ties are
  /// half a pair. NaN without any pair, or with a score that is NaN.
  [[nodiscard]] double auc() const {
    auto const is_nan = [](T x) { return std::isnan(x); };
    if (positive.empty() || negative.empty() ||
        std::any_of(positive.begin(), positive.end(), is_nan) ||
        std::any_of(negative.begin(), negative.end(), is_nan)) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    auto below = negative;
    std::sort(below.begin(), below.end());
    std::uint64_t half_pairs = 0; // an integer, so that the order of scores is nothing to it
    for (T const score : positive) {
      auto const [first, last] = std::equal_range(below.begin(), below.end(), score);
      half_pairs += static_cast<std::uint64_t>((first - below.begin()) + (last - below.begin()));
    }
    return static_cast<double>(half_pairs) /
           (2 * static_cast<double>(positive.size()) * static_cast<double>(negative.size()));
  }
};

/// How often each two of N judges said yes together.
template <std::size_t N>
struct agreement {
  double judged = 0;
  std::array<std::array<double, N>, N> both{}; ///< on the diagonal: how often one said yes

  void add(std::array<bool, N> const& yes) {
    judged += 1;
    for (std::size_t i = 0; i < N; ++i) {
      for (std::size_t j = 0; j < N; ++j) both[i][j] += yes[i] && yes[j] ? 1 : 0;
    }
  }
  agreement& operator+=(agreement const& o) {
    judged += o.judged;
    for (std::size_t i = 0; i < N; ++i) {
      for (std::size_t j = 0; j < N; ++j) both[i][j] += o.both[i][j];
    }
    return *this;
  }

  /// (p_o - p_e) / (1 - p_e): 1 for judges who always agree, 0 for what chance gives. NaN if
  /// nothing was judged, or both gave always the same verdict, so that chance explains all.
  [[nodiscard]] double kappa(std::size_t i, std::size_t j) const {
    double const a = both[i][i], b = both[j][j], n = judged;
    double const agreed = (2 * both[i][j] + n - a - b) / n;
    double const by_chance = (a * b + (n - a) * (n - b)) / (n * n);
    return by_chance == 1 ? std::numeric_limits<double>::quiet_NaN()
                          : (agreed - by_chance) / (1 - by_chance);
  }
};

} // namespace dormant
