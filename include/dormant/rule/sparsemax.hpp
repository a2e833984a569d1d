// SPDX-License-Identifier: MIT
// A[j] = relu(s[j] - t), t such that the row sums to one: the point of the simplex that is nearest
// to the scores (arXiv 1602.02068).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

/// Softmax with exact zeros: keys that score less than t have no weight and get no gradient.
struct sparsemax {
  static constexpr std::string_view name = "sparsemax";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    vector const zero(T{0}), one(T{1}), top(kernels::max_of<arch, T>(row.data, row.keys));
    // Newton's method on the sum, which is convex and falls: from the left t only rises, and when
    // it no longer does, what is left to add is less than t can tell.
    T t = -1, more = 0; // below the top
    do {
      t += more;
      vector sum = zero, keys = zero;
      kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
        vector const over = (reg.load(row.data + j, lowest) - top) - vector(t);
        sum += xsimd::select(over > zero, over, zero);
        keys += xsimd::select(over > zero, one, zero);
      });
      more = (kernels::add_of<arch, T>(sum) - T{1}) / kernels::add_of<arch, T>(keys);
    } while (t + more > t);
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const over = (reg.load(row.data + j) - top) - vector(t);
      reg.store(row.data + j, kernels::positive_part(over - vector(more)));
    });
  }

  // ds = dA - mean of dA over A > 0, there; else 0
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    vector const zero(T{0}), one(T{1});
    vector sum = zero, keys = zero;
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const a = reg.load(row.data + j);
      sum += xsimd::select(a > zero, reg.load(d.data + j), zero);
      keys += xsimd::select(a > zero, one, zero);
    });
    vector const mean(kernels::add_of<arch, T>(sum) / kernels::add_of<arch, T>(keys));
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const a = reg.load(row.data + j);
      reg.store(d.data + j, xsimd::select(a > zero, reg.load(d.data + j) - mean, zero));
    });
  }
};

} // namespace dormant
