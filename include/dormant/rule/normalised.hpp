// SPDX-License-Identifier: MIT
// B[j] = A[j] / sum_k |A[k]|: a rule's weights over their row sum (arXiv 2410.10781).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/rule/row.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string_view>

namespace dormant {

/// The weights of any attention rule over the sum of their sizes: with `sigmoid` and `elu_one`,
/// where no sink is needed, the sink returns. A row of zeros stays zero.
template <class Rule>
struct normalised : Rule {
  static constexpr std::string_view name = "normalised";
  static constexpr bool needs_scores = true;

  template <class Row>
  static void forward(Row row) {
    Rule::forward(row);
    kernels::scale<typename Row::arch, typename Row::scalar>(row.data, row.keys, inverse_sum(row));
  }

  // dA = (dB - sign(A) sum_k B dB) / S, and on from there as the rule does
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    vector const mean(kernels::dot<arch, T>(row.data, d.data, row.keys));
    // The rule's way back is from its own weights, which the division has overwritten.
    std::copy_n(d.scores, row.keys, row.data);
    Rule::forward(row);
    T const factor = inverse_sum(row);
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const g = reg.load(d.data + j);
      vector const turned = xsimd::select(reg.load(row.data + j) < vector(0), g + mean, g - mean);
      reg.store(d.data + j, turned * vector(factor));
    });
    Rule::backward(row, d);
  }

private:
  // 1 / sum_k |A[k]|; 0 where the sum is so nearly zero that gradients would overflow
  template <class Row, class T = typename Row::scalar>
  static T inverse_sum(Row row) {
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    vector sums(T{0});
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      sums += xsimd::abs(vector(reg.load(row.data + j)));
    });
    T const sum = kernels::add_of<arch, T>(sums);
    constexpr T least = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
    return sum < least ? T{0} : T{1} / sum;
  }
};

} // namespace dormant
