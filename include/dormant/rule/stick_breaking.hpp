// SPDX-License-Identifier: MIT
// A[i, j] = b_ij prod_{j < k < i} (1 - b_ik), b = 1 / (1 + e^-s): stick-breaking (arXiv 2410.17980).
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace dormant {

/// Each key, latest first, takes a share of what the later ones left; what is left after the first is
/// weight on nothing. A query does not see its own key, so the first row is zero.
struct stick_breaking {
  static constexpr std::string_view name = "stick_breaking";
  static constexpr bool needs_scores = true;

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    T left = 1;
    T& own = row[row.keys - 1];
    own = std::isnan(own) ? own : T{0};
    for (std::size_t j = row.keys - 1; j-- > 0;) {
      T const share = 1 / (1 + std::exp(-row[j]));
      T const rest = 1 / (1 + std::exp(row[j])); // 1 - share, without cancellation
      row[j] = share * left;
      left *= rest;
    }
  }

  // ds_j = A_j dA_j (1 - b_j) - b_j sum_{k < j} A_k dA_k
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    T before = 0;
    for (std::size_t j = 0; j + 1 < row.keys; ++j) {
      T const along = row[j] * d[j];
      d[j] = along / (1 + std::exp(d.scores[j])) - before / (1 + std::exp(-d.scores[j]));
      before += along;
    }
    d[row.keys - 1] = 0;
  }
};

} // namespace dormant
