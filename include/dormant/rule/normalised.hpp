// SPDX-License-Identifier: MIT
// B[j] = A[j] / sum_k |A[k]|: a rule's weights over their row sum (arXiv 2410.10781).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/rule/row.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

namespace dormant {

/// Any attention rule that gives each key a weight by its own score alone, over its row sum: with
/// `sigmoid` and `elu_one`, where no sink is needed, the sink returns. A row of zeros stays zero.
template <class Rule>
struct normalised : Rule {
  static_assert(
      requires { requires Rule::elementwise; },
      "dormant::normalised: the rule must make each weight of its own score alone, and say so by "
      "`elementwise = true`");
  static constexpr std::string_view name = "normalised";
  static constexpr bool elementwise = false;
  static constexpr bool needs_scores = true;

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    Rule::forward(row);
    kernels::vector<arch, T> sums(T{0});
    kernels::for_each_register<arch, T>(
        row.keys, [&](auto reg, std::size_t j) { sums += size(reg.load(row.data + j)); });
    T const sum = kernels::add_of<arch, T>(sums);
    // Over a sum that is nearly zero gradients would overflow.
    kernels::scale<arch, T>(row.data, row.keys, sum < least<T> ? T{0} : T{1} / sum);
  }

  // dA = (dB - sign(A) sum_k B dB) / S, and on from there as the rule does
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    using arch = typename Row::arch;
    using vector = kernels::vector<arch, T>;
    T const sum = sum_before(row, d.scores);
    vector const zero(T{0}), factor(sum > T{0} ? T{1} / sum : T{0});
    vector const mean(kernels::dot<arch, T>(row.data, d.data, row.keys));
    kernels::for_each_register<arch, T>(row.keys, [&](auto reg, std::size_t j) {
      vector const g = reg.load(d.data + j);
      vector const turned = xsimd::select(reg.load(row.data + j) < zero, g + mean, g - mean);
      reg.store(d.data + j, turned * factor);
    });
    // The rule's weights, a piece of the row at a time: there is no room for all.
    T part[64];
    for (std::size_t from = 0; from < row.keys; from += std::size(part)) {
      std::size_t const n = std::min(std::size(part), row.keys - from);
      kernels::for_each_register<arch, T>(n, [&](auto reg, std::size_t j) {
        reg.store(part + j, reg.load(row.data + from + j) * vector(sum));
      });
      Rule::backward(Row{part, n, row.context, row.parameters},
                     Gradient{d.data + from, n, d.scores + from, d.dparameters});
    }
  }

private:
  template <class T>
  static constexpr T least = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();

  template <class Vector>
  static Vector size(Vector const& a) {
    return xsimd::select(a < Vector(0), -a, a);
  }
  // S from the first weight that is not small, before the division and
  // after it; 0 for a row of zeros.
  template <class Row, class T>
  static T sum_before(Row row, T const* scores) {
    T const small = T{0.5} / static_cast<T>(row.keys);
    for (std::size_t j = 0; j < row.keys; ++j) {
      if (!(std::abs(row[j]) > small)) continue;
      T before = scores[j];
      Rule::forward(Row{&before, 1, row.context, row.parameters});
      return before / row[j];
    }
    return 0;
  }
};

} // namespace dormant
