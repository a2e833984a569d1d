// SPDX-License-Identifier: MIT
// Cross-entropy of softmax(logits) against target ids, -log p[target] per row, and its gradient.
#pragma once

#include <cstdint>

#include "dormant/kernels/register_tile.hpp"
#include "dormant/kernels/rows.hpp"

namespace dormant::kernels {

/// log sum exp(x) of one row, without overflow; -inf when no element is above -inf.
template <class Arch, class T>
T log_sum_exp(T const* x, std::size_t n) {
  T const largest = max_of<Arch, T>(x, n);
  if (largest == -std::numeric_limits<T>::infinity()) return largest;
  return largest + std::log(sum_exp_minus<Arch, T>(x, n, largest));
}

/// The sum over rows of -log softmax(logits)[target], added in row order in double precision.
/// `logits` [T, V] is replaced by its gradient, scale * (softmax - onehot). `targets` [T], each
/// below V.
template <class Arch, class T>
[[gnu::noinline]] double cross_entropy(matrix<T> logits, std::int32_t const* targets, T scale) {
  double loss = 0;
  for (std::size_t row = 0; row != logits.rows; ++row) {
    T* const x = logits.data + row * logits.stride;
    auto const target = static_cast<std::size_t>(targets[row]);
    T const largest = max_of<Arch, T>(x, logits.cols);
    double const margin = static_cast<double>(largest) - static_cast<double>(x[target]);
    T const sum = exp_minus<Arch, T>(x, logits.cols, largest);
    loss += std::log(static_cast<double>(sum)) + margin;
    kernels::scale<Arch, T>(x, logits.cols, scale / sum);
    x[target] -= scale;
  }
  return loss;
}

/// The same sum, without a gradient: `logits` is left alone and the bits of the sum are the same.
template <class Arch, class T>
[[gnu::noinline]] double cross_entropy_value(matrix<T const> logits, std::int32_t const* targets) {
  double loss = 0;
  for (std::size_t row = 0; row != logits.rows; ++row) {
    T const* const x = logits.data + row * logits.stride;
    T const largest = max_of<Arch, T>(x, logits.cols);
    T const target = x[static_cast<std::size_t>(targets[row])];
    T const sum = sum_exp_minus<Arch, T>(x, logits.cols, largest);
    double const margin = static_cast<double>(largest) - static_cast<double>(target);
    loss += std::log(static_cast<double>(sum)) + margin;
  }
  return loss;
}

} // namespace dormant::kernels
