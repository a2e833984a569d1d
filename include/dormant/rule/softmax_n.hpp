// SPDX-License-Identifier: MIT
// A[j] = e^s[j] / (n + sum_k e^s[k]); n = 1 is "softmax off by one" (arXiv 2410.17174).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cmath>
#include <string_view>

namespace dormant {

/// Softmax with `N` extra keys of score zero and value zero: a row may sum to less than one.
template <int N = 1>
struct softmax_n {
  static_assert(N >= 0, "dormant::softmax_n: n must not be negative");
  static constexpr std::string_view name = "softmax_n";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    T const highest = kernels::max_of<typename Row::arch, T>(row.data, row.keys);
    // Extra keys have score zero, so zero takes part in the maximum. A NaN must come through.
    T const top = N > 0 && highest < T{0} ? T{0} : highest;
    T const sum = kernels::exp_minus<typename Row::arch, T>(row.data, row.keys, top);
    T const total = N > 0 ? sum + static_cast<T>(N) * std::exp(-top) : sum;
    kernels::scale<typename Row::arch, T>(row.data, row.keys, T{1} / total);
  }

  // ds = A (dA - sum_k A dA): the extra keys carry no gradient
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    kernels::softmax_gradient<typename Row::arch, typename Row::scalar>(row.data, d.data, row.keys);
  }
};

} // namespace dormant
