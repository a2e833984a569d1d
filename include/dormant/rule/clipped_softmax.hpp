// SPDX-License-Identifier: MIT
// A[j] = clip((eta - gamma) p[j] + gamma, 0, 1), p = softmax(s), gamma =
// -alpha / T (arXiv 2306.12929).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cstddef>
#include <ratio>
#include <string_view>

namespace dormant {

/// Softmax stretched beyond zero and clipped there: a weight below about alpha / T is none at all,
/// so a head can say nothing with scores that are finite. T is the model's context.
/// \tparam Alpha, Eta `std::ratio`s; the paper's are 2 to 4, and 1
template <class Alpha = std::ratio<4>, class Eta = std::ratio<1>>
struct clipped_softmax {
  static_assert(std::ratio_greater_equal_v<Alpha, std::ratio<0>> &&
                    std::ratio_greater_equal_v<Eta, std::ratio<1>>,
                "dormant::clipped_softmax: alpha must not be negative, eta not below one");
  static constexpr std::string_view name = "clipped_softmax";
  static constexpr bool needs_scores = true;

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    T const top = kernels::max_of<arch, T>(row.data, row.keys);
    T const sum = kernels::exp_minus<arch, T>(row.data, row.keys, top);
    vector const zero(T{0}), one(T{1}), lowest(gamma<T>(row)), factor(stretch<T>(row) / sum);
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const a = kernels::fma(reg.load(row.data + j), factor, lowest);
      reg.store(row.data + j, xsimd::select(a < zero, zero, xsimd::select(a > one, one, a)));
    });
  }

  // ds = p (dp - sum_k p dp) with dp = (eta - gamma) dA where nothing was clipped, else 0
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    vector const zero(T{0}), one(T{1}), lowest(gamma<T>(row)), factor(stretch<T>(row));
    vector sums = zero;
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const a = reg.load(row.data + j);
      vector const g =
          xsimd::select(a > zero, xsimd::select(a < one, reg.load(d.data + j), zero), zero);
      sums = kernels::fma(a - lowest, g, sums);
      reg.store(d.data + j, g * factor);
    });
    // p of what was clipped is gone: from the scores, and the largest p, which mostly was not.
    T const top = kernels::max_of<arch, T>(d.scores, row.keys);
    T const largest = kernels::max_of<arch, T>(row.data, row.keys);
    vector const mean(kernels::add_of<arch, T>(sums)), shift(top);
    vector const share(largest < T{1}
                           ? (largest - gamma<T>(row)) / stretch<T>(row)
                           : T{1} / kernels::sum_exp_minus<arch, T>(d.scores, row.keys, top));
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const p = kernels::exp(reg.load(d.scores + j) - shift) * share;
      reg.store(d.data + j, p * (reg.load(d.data + j) - mean));
    });
  }

private:
  template <class T, class Row>
  static T gamma(Row row) {
    return -static_cast<T>(Alpha::num) / static_cast<T>(Alpha::den) / static_cast<T>(row.context);
  }
  template <class T, class Row>
  static T stretch(Row row) {
    return static_cast<T>(Eta::num) / static_cast<T>(Eta::den) - gamma<T>(row);
  }
};

} // namespace dormant
