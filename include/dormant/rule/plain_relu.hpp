// SPDX-License-Identifier: MIT
// A[j] = relu(s[j]), without a normaliser (arXiv 2603.11487).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

/// ReLU attention as it is: the longer the row, the more weight it may have. A row may be all zero.
struct plain_relu {
  static constexpr std::string_view name = "plain_relu";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    kernels::relu_scale<typename Row::arch, T>(row.data, row.keys, T{1});
  }

  // ds = dA where A > 0
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    for (std::size_t j = 0; j < row.keys; ++j) d[j] = row[j] > T{0} ? d[j] : T{0};
  }
};

} // namespace dormant
