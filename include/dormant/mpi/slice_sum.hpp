// SPDX-License-Identifier: MIT
// The sum of all ranks' shards: each rank gets its slice of every shard, sums it in the
// tree in which one process would, and gives the result to all. A float all-reduce
// would add in an order of its own.
#pragma once

#include "dormant/kernels/reduce.hpp"
#include "dormant/mpi/group.hpp"
#include "dormant/mpi/shares.hpp"
#include "dormant/pass/team.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>

namespace dormant::mpi::detail {

template <class Arch, class T>
class slice_sum {
  using local_team = dormant::detail::thread_team<Arch, T>;

public:
  /// \param most elements of a shard
  /// \param at_once how many of them are exchanged at a time, so that memory is bounded
  slice_sum(group& all, std::size_t shards, std::size_t most, std::size_t at_once)
      : all_(all), at_once_(std::min(at_once, most)),
        room_(most == 0 ? 0 : at_once_ / all.ranks() + 2 * line), received_(shards * room_),
        slices_(all.ranks()), to_(all.ranks()), from_(all.ranks()) {}

  /// out [n] = the sum of elements [first, first + n) of `shards`, of which `own` are in this
  /// rank's `local` team, and are cleared.
  /// \returns whether every sum is finite, on every rank the same
  bool operator()(local_team& local, share own, std::size_t shards, std::size_t first,
                  std::size_t n, T* out) {
    int finite = 1;
    for (std::size_t at = 0; at < n; at += at_once_) {
      std::size_t const size = std::min(at_once_, n - at);
      for (std::size_t r = 0; r < all_.ranks(); ++r) {
        share const slice = slice_of(r, all_.ranks(), size);
        slices_.set(r, slice.size, slice.first);
      }
      receive(local, own, shards, first + at);
      clear(local, own, first + at, size);
      if (!add(local, shards, out + at + slices_.at[all_.rank()])) finite = 0;
      all_.collective(MPI_Allgatherv, MPI_Iallgatherv, MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, out + at,
                      slices_.sizes.data(), slices_.at.data(), type_of<T>());
    }
    all_.collective(MPI_Allreduce, MPI_Iallreduce, MPI_IN_PLACE, &finite, 1, MPI_INT, MPI_LAND);
    return finite != 0;
  }

private:
  [[nodiscard]] std::size_t own_size() const {
    return static_cast<std::size_t>(slices_.sizes[all_.rank()]);
  }

  // This rank's slice of every shard, in `received_`: one shard of each rank at a
  // time, straight from where it is.
  void receive(local_team& local, share own, std::size_t shards, std::size_t first) {
    std::size_t const ranks = all_.ranks();
    for (std::size_t k = 0; k < (shards + ranks - 1) / ranks; ++k) {
      for (std::size_t r = 0; r < ranks; ++r) {
        share const theirs = shards_of(r, ranks, shards);
        bool const sends = k < theirs.size;
        from_.set(r, sends ? own_size() : 0, sends ? (theirs.first + k) * room_ : 0);
        to_.sizes[r] = k < own.size ? slices_.sizes[r] : 0;
      }
      T const* const from = local.memory(k < own.size ? k : 0) + first;
      all_.collective(MPI_Alltoallv, MPI_Ialltoallv, from, to_.sizes.data(), slices_.at.data(),
                      type_of<T>(), received_.data(), from_.sizes.data(), from_.at.data(),
                      type_of<T>());
    }
  }
  void clear(local_team& local, share own, std::size_t first, std::size_t n) {
    local.pool().run(own.size, [&](std::size_t k, std::size_t) {
      std::fill_n(local.memory(k) + first, n, T{0});
    });
  }
  bool add(local_team& local, std::size_t shards, T* out) {
    constexpr std::size_t chunk = local_team::chunk;
    std::size_t const n = own_size();
    std::atomic<bool> finite{true};
    local.pool().run((n + chunk - 1) / chunk, [&](std::size_t job, std::size_t) {
      std::size_t const begin = job * chunk;
      std::array<T*, local_team::most_shards> parts{};
      for (std::size_t s = 0; s < shards; ++s) parts[s] = received_.data() + s * room_ + begin;
      if (!kernels::reduce_shards<Arch, T>(parts.data(), shards, out + begin,
                                           std::min(chunk, n - begin))) {
        finite.store(false, std::memory_order_relaxed);
      }
    });
    return finite.load();
  }

  group& all_;
  std::size_t at_once_;
  std::size_t room_; // for one shard's slice
  arena<T> received_;
  layout slices_, to_, from_;
};

} // namespace dormant::mpi::detail
