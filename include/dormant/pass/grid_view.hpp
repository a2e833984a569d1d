// SPDX-License-Identifier: MIT
// Scores, patterns and their gradients in memory.
#pragma once

#include "dormant/kernels/register_tile.hpp"

#include <cstddef>

namespace dormant {

/// [heads, T query, T key] of one sequence.
template <class T>
struct grid_view {
  T* data;
  std::size_t heads, length, head, stride;

  /// One head: [T query, T key].
  [[nodiscard]] kernels::matrix<T> of(std::size_t h) const {
    return {data + h * head, length, length, stride};
  }
};

} // namespace dormant
