// SPDX-License-Identifier: MIT
// A[j] = relu(e^s[j] - 1) / (eps + sum_k |e^s[k] - 1|) (arXiv 2504.20966).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/kernels/special_functions.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace dormant {

/// Softmax less one: a score below zero has no weight, but counts. A row may be all zero.
struct softpick {
  static constexpr std::string_view name = "softpick";
  static constexpr bool needs_scores = true;
  static constexpr double eps = 1e-6; ///< so that a row of scores that all are zero has a sum

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    // All of it times e^-top, which overflows nowhere.
    T const top = above_zero(kernels::max_of<arch, T>(row.data, row.keys));
    T const one = std::exp(-top);
    vector const zero(T{0}), half(T{0.5}), shift(top), unit(one);
    vector sums = zero;
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const s = reg.load(row.data + j);
      vector const e = kernels::exp(s - shift), y = half * s;
      // e^s - 1 = (e^s + 1) tanh(s / 2) has no cancellation near zero.
      vector const near = (e + unit) * kernels::tanh_near_zero(y);
      vector const less = xsimd::select(size(y) < half, near, e - unit);
      sums += size(less);
      reg.store(row.data + j, kernels::positive_part(less));
    });
    T const sum = kernels::add_of<arch, T>(sums) + static_cast<T>(eps) * one;
    kernels::scale<arch, T>(row.data, row.keys, T{1} / sum);
  }

  // ds = e^s / S ([s > 0] dA - sign(s) sum_k A dA), S the denominator
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    // e^top / S = A / (1 - e^-top) at the largest score; if none is
    // above zero, all gradients are zero.
    T const top = above_zero(kernels::max_of<arch, T>(d.scores, row.keys));
    T const largest = kernels::max_of<arch, T>(row.data, row.keys);
    vector const zero(T{0}), shift(top), share(top > T{0} ? largest / -std::expm1(-top) : top);
    vector const mean(kernels::dot<arch, T>(row.data, d.data, row.keys));
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const s = reg.load(d.scores + j);
      vector const below = xsimd::select(s < zero, mean, zero);
      vector const g = xsimd::select(s > zero, reg.load(d.data + j) - mean, below);
      reg.store(d.data + j, kernels::exp(s - shift) * share * g);
    });
  }

private:
  template <class T>
  static T above_zero(T highest) { // a NaN must come through
    return highest < T{0} ? T{0} : highest;
  }
  template <class Vector>
  static Vector size(Vector const& x) {
    return xsimd::select(x < Vector(0), -x, x);
  }
};

} // namespace dormant
