// SPDX-License-Identifier: MIT
// The sum of the shards' gradients in one fixed tree, whatever the number of threads.
#pragma once

#include "dormant/kernels/rows.hpp"

namespace dormant::kernels {

/// out [n] = sum of `count` shards [n], added pairwise: neighbours, then pairs of pairs, and so on.
/// Leaves every shard zero, ready for the next step. Returns whether every sum is finite.
template <class Arch, class T>
[[gnu::noinline]] bool reduce_shards(T* const* shards, std::size_t count, T* out, std::size_t n) {
  constexpr std::size_t block = 1024; // small enough for all shards of a block to stay in L2
  bool finite = true;
  for (std::size_t first = 0; first < n; first += block) {
    std::size_t const size = std::min(block, n - first);
    for (std::size_t step = 1; step < count; step *= 2)
      for (std::size_t i = 0; i + step < count; i += 2 * step)
        add_to<Arch, T>(shards[i] + first, shards[i + step] + first, size);
    if (count == 0)
      std::fill_n(out + first, size, T(0));
    else
      std::copy_n(shards[0] + first, size, out + first);
    for (std::size_t i = 0; i != count; ++i) std::fill_n(shards[i] + first, size, T(0));
    finite = all_finite<Arch, T>(out + first, size) && finite;
  }
  return finite;
}

} // namespace dormant::kernels
