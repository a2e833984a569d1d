// SPDX-License-Identifier: MIT
// A[i, j] = relu(s[i, j]) / i with i the 1-based query position (arXiv 2410.13835, published code).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <string_view>

namespace dormant {

/// ReLU attention. A row may be all zero, so a head can stay silent without a sink.
struct relu {
  static constexpr std::string_view name = "relu";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    kernels::relu_scale<typename Row::arch, T>(row.data, row.keys, T{1} / static_cast<T>(row.keys));
  }

  // ds = dA / i where A > 0
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    T const share = T{1} / static_cast<T>(row.keys);
    for (std::size_t j = 0; j < row.keys; ++j) d[j] = row[j] > T{0} ? d[j] * share : T{0};
  }
};

} // namespace dormant
