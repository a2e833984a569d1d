// SPDX-License-Identifier: MIT
// Softmax over [s, S_h] with the last column dropped; S_h is learned,
// one scalar per head (gpt-oss).
#pragma once

#include "dormant/kernels/rows.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace dormant {

/// A learned sink outside the sequence: the head can park its weight on `S_h` instead of on `<s>`.
struct sink_logit {
  static constexpr std::string_view name = "sink_logit";
  static constexpr std::size_t scalars_per_head = 1;
  static constexpr std::string_view scalars_name = "sink";
  static constexpr bool needs_scores = true;

  template <class Row>
  static void forward(Row row) {
    using T = typename Row::scalar;
    T const sink = row.parameters[0];
    T const highest = kernels::max_of<typename Row::arch, T>(row.data, row.keys);
    T const top = highest < sink ? sink : highest;
    T const sum = kernels::exp_minus<typename Row::arch, T>(row.data, row.keys, top);
    T const total = sum + std::exp(sink - top);
    kernels::scale<typename Row::arch, T>(row.data, row.keys, T{1} / total);
  }

  // ds = A (dA - m), dS = -A_S m, with m = sum_k A dA and A_S the weight of the dropped column
  template <class Row, class Gradient>
  static void backward(Row row, Gradient d) {
    using T = typename Row::scalar;
    T const kept = kernels::sum_of<typename Row::arch, T>(row.data, row.keys);
    T dropped = T{1} - kept;
    // Where little was dropped the difference is all rounding error, and Adam would follow it.
    if (kept > T{0.5}) {
      // Any key tells, if it has a weight left: the largest has the highest score.
      T const most = kernels::max_of<typename Row::arch, T>(row.data, row.keys);
      T const highest = kernels::max_of<typename Row::arch, T>(d.scores, row.keys);
      dropped = most * std::exp(row.parameters[0] - highest);
    }
    T const mean = kernels::softmax_gradient<typename Row::arch, T>(row.data, d.data, row.keys);
    d.dparameters[0] -= dropped * mean;
  }
};

} // namespace dormant
