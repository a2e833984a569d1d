// SPDX-License-Identifier: MIT
// A[j] = e^s[j] / sum_k e^s[k] (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <string_view>

namespace dormant {

/// The standard rule. Its rows sum to one, so a head with nothing to say has to put its weight
/// somewhere: on the sink.
struct softmax {
  static constexpr std::string_view name = "softmax";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    T const top = kernels::max_of<typename Row::arch, T>(row.data, row.keys);
    T const sum = kernels::exp_minus<typename Row::arch, T>(row.data, row.keys, top);
    kernels::scale<typename Row::arch, T>(row.data, row.keys, T{1} / sum);
  }

  // ds = A (dA - sum_k A dA)
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    kernels::softmax_gradient<typename Row::arch, typename Row::scalar>(row.data, d.data, row.keys);
  }
};

} // namespace dormant
