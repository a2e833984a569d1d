// SPDX-License-Identifier: MIT
// A[j] = relu(s[j] / 2 - t)^2, t such that the row sums to one: alpha-entmax with alpha 1.5,
// halfway between softmax and sparsemax (arXiv 1905.05702).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace dormant {

/// Softmax with exact zeros that are reached smoothly.
struct entmax15 {
  static constexpr std::string_view name = "entmax15";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    vector const zero(T{0}), half(T{0.5}), top(kernels::max_of<arch, T>(row.data, row.keys));
    // Newton's method on the root of the sum, the length of relu(s / 2 - t), which is
    // convex and falls: from the left t only rises, and when it no longer does, what
    // is left is less than t can tell.
    T t = -1, more = 0; // below the top
    do {
      t += more;
      vector sum = zero, squares = zero;
      kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
        vector const over = half * (reg.load(row.data + j, lowest) - top) - vector(t);
        vector const root = xsimd::select(over > zero, over, zero);
        sum += root;
        squares = kernels::fma(root, root, squares);
      });
      T const length = std::sqrt(kernels::add_of<arch, T>(squares));
      more = length * (length - T{1}) / kernels::add_of<arch, T>(sum);
    } while (t + more > t);
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const over = half * (reg.load(row.data + j) - top) - vector(t);
      vector const root = kernels::positive_part(over - vector(more));
      reg.store(row.data + j, root * root);
    });
  }

  // ds = r (dA - sum_k r dA / sum_k r), r the root of A
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    vector sum(T{0}), along(T{0});
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const root = kernels::sqrt(reg.load(row.data + j));
      sum += root;
      along = kernels::fma(root, reg.load(d.data + j), along);
    });
    vector const mean(kernels::add_of<arch, T>(along) / kernels::add_of<arch, T>(sum));
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const root = kernels::sqrt(reg.load(row.data + j));
      reg.store(d.data + j, root * (reg.load(d.data + j) - mean));
    });
  }
};

} // namespace dormant
