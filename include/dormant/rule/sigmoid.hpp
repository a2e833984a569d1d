// SPDX-License-Identifier: MIT
// A[j] = sigma(s[j] + b), b = -log T with T the model's context (arXiv 2409.04431).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cmath>
#include <string_view>

namespace dormant {

/// Sigmoid attention without a row normaliser. The bias starts a full row near a total weight of
/// one, as softmax does.
struct sigmoid {
  static constexpr std::string_view name = "sigmoid";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    T const bias = -std::log(static_cast<T>(row.context));
    kernels::sigmoid<typename Row::arch, T>(row.data, row.keys, bias);
  }

  // ds = dA A (1 - A)
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    kernels::sigmoid_gradient<typename Row::arch, typename Row::scalar>(row.data, d.data, row.keys);
  }
};

} // namespace dormant
