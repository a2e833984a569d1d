// SPDX-License-Identifier: MIT
// A[i, j] = b_ij prod_{j < k < i} (1 - b_ik), b = 1 / (1 + e^-s):
// stick-breaking (arXiv 2410.17980).
#pragma once

#include "dormant/kernels/scan.hpp"
#include "dormant/kernels/special_functions.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

namespace dormant {

/// Each key, latest first, takes a share of what the later ones left; what is left after the first
/// is weight on nothing. A query does not see its own key, so the first row is zero.
struct stick_breaking {
  static constexpr std::string_view name = "stick_breaking";
  static constexpr bool needs_scores = true;

  // Products of shares, not sums of their logarithms: factors of at most 1 cannot overflow, and
  // where any product of some of them underflows, so does the weight.
  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    kernels::vector<arch, T> const all(T{1});
    kernels::fold_registers_backward<arch, T>(row.keys - 1, all, shares<T>{row.data});
    T& own = row[row.keys - 1];
    own = std::isnan(own) ? own : T{0};
  }

  // ds_j = A_j dA_j (1 - b_j) - b_j sum_{k < j} A_k dA_k
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    kernels::vector<arch, T> const none(T{0});
    kernels::fold_registers<arch, T>(row.keys - 1, none, slopes<T>{row.data, d.scores, d.data});
    d[row.keys - 1] = 0;
  }

private:
  template <class T>
  static constexpr T nothing = -std::numeric_limits<T>::infinity(); // a score that takes no share

  template <class T>
  struct shares {
    T* row; // [keys]

    // Weights from j on, of what the keys after them left; returns what is left after these.
    template <class Register, class Vector>
    [[gnu::always_inline]] Vector operator()(Register reg, std::size_t j, Vector left) const {
      auto const b = kernels::logistic(reg.load(row + j, nothing<T>));
      auto const later = kernels::product_after(b.rest);
      reg.store(row + j, b.value * later.others * left);
      return left * later.whole;
    }
  };
  template <class T>
  struct slopes {
    T const* row;    // [keys]
    T const* scores; // [keys]
    T* d;            // [keys]

    // Gradients from j on, `before` the sum of A dA before them; returns it with these.
    template <class Register, class Vector>
    [[gnu::always_inline]] Vector operator()(Register reg, std::size_t j, Vector before) const {
      auto const b = kernels::logistic(reg.load(scores + j, nothing<T>));
      Vector const along = reg.load(row + j) * reg.load(d + j);
      auto const earlier = kernels::sum_before(along);
      reg.store(d + j, along * b.rest - b.value * (before + earlier.others));
      return before + earlier.whole;
    }
  };
};

} // namespace dormant
