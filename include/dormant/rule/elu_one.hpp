// SPDX-License-Identifier: MIT
// A[j] = elu(s[j]) + 1: s + 1 above zero, e^s below (arXiv 2410.10781).
#pragma once

#include "dormant/kernels/simd.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

/// Weights that are positive and grow without bound;
/// `normalised<elu_one>` is the same over its row sum.
struct elu_one {
  static constexpr std::string_view name = "elu_one";

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    vector const zero(T{0}), one(T{1});
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const s = reg.load(row.data + j);
      reg.store(row.data + j, xsimd::select(s > zero, s + one, kernels::exp(s)));
    });
  }

  // ds = dA min(A, 1)
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    vector const one(T{1});
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const a = reg.load(row.data + j);
      reg.store(d.data + j, reg.load(d.data + j) * xsimd::select(a > one, one, a));
    });
  }
};

} // namespace dormant
