// SPDX-License-Identifier: MIT
// Attention with linear biases: the score of a key falls by a head's slope for every step away from
// the query. arXiv 2108.12409.
#pragma once

#include <bit>
#include <cmath>

#include "dormant/kernels/register_tile.hpp"

namespace dormant::kernels {

/// The slope of head `head` of `heads`, by the paper's rule: 2^(-8 (head + 1) / heads) where
/// `heads` is a power of two. Otherwise the first p heads, the largest power of two among them,
/// have the slopes of p heads, and the others every second slope of 2 p heads, from the first.
[[nodiscard]] inline double alibi_slope(std::size_t head, std::size_t heads) {
  std::size_t const power = std::bit_floor(heads);
  auto const geometric = [](std::size_t nth, std::size_t count) {
    return std::exp2(-8.0 * static_cast<double>(nth) / static_cast<double>(count));
  };
  if (head < power) return geometric(head + 1, power);
  return geometric(2 * (head - power) + 1, 2 * power);
}

/// scores [T query, T key] of one head: adds -slope * (i - j) where key j <= query i; the rest,
/// which a causal model masks, is left alone. The gradient of the scores passes unchanged.
template <class Arch, class T>
[[gnu::noinline]] void add_alibi(T slope, matrix<T> scores) {
  using batch = vector<Arch, T>;
  alignas(64) T steps[lanes<Arch, T>];
  for (std::size_t lane = 0; lane != lanes<Arch, T>; ++lane) steps[lane] = static_cast<T>(lane);
  batch const lane = batch::load_aligned(steps);
  batch const s(slope);
  for (std::size_t i = 0; i != scores.rows; ++i) {
    T* const row = scores.data + i * scores.stride;
    // The query's own key, at distance 0, gets nothing.
    for_each_register<Arch, T>(std::min(i, scores.cols), [&](auto reg, std::size_t j) {
      batch const behind = lane + batch(static_cast<T>(j) - static_cast<T>(i)); // j - i, exactly
      reg.store(row + j, fma(s, behind, reg.load(row + j)));
    });
  }
}

} // namespace dormant::kernels
