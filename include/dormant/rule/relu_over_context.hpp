// SPDX-License-Identifier: MIT
// A[j] = relu(s[j]) / T^a with T the model's context (arXiv 2309.08586).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cmath>
#include <cstddef>
#include <ratio>
#include <string_view>

namespace dormant {

/// ReLU attention that is as small in a model of any context; a row may be all zero.
/// \tparam Power a, a `std::ratio`; near 1 is best, says the paper
template <class Power = std::ratio<1>>
struct relu_over_context {
  static constexpr std::string_view name = "relu_over_context";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    kernels::relu_scale<typename Row::arch, T>(row.data, row.keys, share<T>(row.context));
  }

  // ds = dA / T^a where A > 0
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    T const of = share<T>(row.context);
    for (std::size_t j = 0; j < row.keys; ++j) d[j] = row[j] > T{0} ? d[j] * of : T{0};
  }

private:
  template <class T>
  static T share(std::size_t context) {
    constexpr T a = static_cast<T>(Power::num) / static_cast<T>(Power::den);
    if constexpr (a == T{1}) return T{1} / static_cast<T>(context);
    return std::pow(static_cast<T>(context), -a);
  }
};

} // namespace dormant
