// SPDX-License-Identifier: MIT
// Who has what: which shards of a batch a rank runs, and which elements of a gradient it sums.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <cstddef>
#include <vector>

namespace dormant::mpi::detail {

struct share {
  std::size_t first = 0, size = 0;
};

/// Neighbours, so that ranks in order have shards in order. Ranks beyond the number of shards have
/// none. A batch of one shard is run by every rank: there is nothing to share.
[[nodiscard]] inline share shards_of(std::size_t rank, std::size_t ranks, std::size_t shards) {
  if (shards == 1) return {0, 1};
  std::size_t const first = rank * shards / ranks;
  return {first, (rank + 1) * shards / ranks - first};
}

inline constexpr std::size_t line = 16; ///< slices begin at whole cache lines of floats

/// One rank's slice of n elements, at most n / ranks + 2 line of them.
[[nodiscard]] inline share slice_of(std::size_t rank, std::size_t ranks, std::size_t n) {
  auto const cut = [&](std::size_t r) { return r == ranks ? n : r * n / ranks / line * line; };
  return {cut(rank), cut(rank + 1) - cut(rank)};
}

/// Sizes and places of what each rank sends or gets, as MPI wants them.
struct layout {
  std::vector<int> sizes, at;

  explicit layout(std::size_t ranks) : sizes(ranks), at(ranks) {}
  void set(std::size_t rank, std::size_t size, std::size_t place) {
    sizes[rank] = static_cast<int>(size);
    at[rank] = static_cast<int>(place);
  }
};

} // namespace dormant::mpi::detail
