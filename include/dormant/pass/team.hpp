// SPDX-License-Identifier: MIT
// Who runs which part of a batch, and how what they found is summed: a fixed number of shards, run
// by threads as they come, and summed in a fixed tree over the shards' numbers.
#pragma once

#include "dormant/detail/thread_pool.hpp"
#include "dormant/error.hpp"
#include "dormant/kernels/reduce.hpp"
#include "dormant/tensor.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <vector>

namespace dormant {

/// How a batch is spread over the machine. Only `shards` can change bits, and it is fixed by you.
///
/// Threads live as long as what was made with them, a trainer or one call. They do not survive
/// `fork`: a child that uses an inherited trainer of several threads gets an `error`, may destroy
/// it, and may make one of its own.
struct execution {
  std::size_t threads = 0; ///< at most `most_threads`; 0: as many as the machine has or, within
                           ///< `side_by_side`, this run's share of them
  std::size_t shards = 8;  ///< parts of a batch with a gradient of their own, at most 64; threads
                           ///< beyond this many are idle
};

namespace detail {

[[nodiscard]] inline std::size_t thread_count(execution how) {
  return how.threads != 0 ? how.threads : cores();
}

/// The threads of one process. Another team, over processes, runs some of the shards here and the
/// others elsewhere (mpi/team.hpp); all that a pass asks of it stands here.
template <class Arch, class T>
class thread_team {
public:
  static constexpr std::size_t most_shards = 64;
  static constexpr std::size_t chunk = 16 * 1024; ///< elements that one job sums
  struct members {};                              ///< besides this process: nobody

  /// \throws error for a number of shards that there cannot be
  static execution checked(execution how) {
    if (how.shards == 0 || how.shards > most_shards) {
      refuse({"execution: shards must be between 1 and 64, found ", how.shards});
    }
    return how;
  }

  /// \param per_shard elements that each shard has of its own, summed by `sum`; 0: none
  /// \throws error as `checked` does
  thread_team(execution how, std::size_t per_shard, members = {})
      : pool_(thread_count(checked(how))), losses_(how.shards),
        per_shard_(per_shard == 0 ? 0 : per_shard + arena<T>::slack),
        memory_(how.shards * per_shard_) {}

  [[nodiscard]] std::size_t threads() const { return pool_.threads(); }
  [[nodiscard]] thread_pool& pool() { return pool_; }
  /// How many shards at most, and how many a batch of `rows` sequences is cut into.
  [[nodiscard]] std::size_t shards() const { return losses_.size(); }
  [[nodiscard]] std::size_t shards(std::size_t rows) const {
    return std::min(losses_.size(), rows);
  }
  /// The elements of a shard, zero before its first sequence.
  [[nodiscard]] T* memory(std::size_t shard) { return memory_.data() + shard * per_shard_; }

  /// The sum of f(shard, thread) over `shards`, in the order of the shards.
  template <class F>
  double run(std::size_t shards, F f) {
    pool_.run(shards, [&](std::size_t s, std::size_t thread) { losses_[s] = f(s, thread); });
    double sum = 0;
    for (std::size_t s = 0; s < shards; ++s) sum += losses_[s];
    return sum;
  }
  /// The same, where the shards' probes listen; what they saw is added
  /// to `hooks`, in the same order.
  template <class F, class Copies, class... Hooks>
  double run(std::size_t shards, F f, Copies const& copies, Hooks&... hooks) {
    double const sum = run(shards, f);
    copies.merge_into(hooks...);
    return sum;
  }
  /// out [n] = the sum of elements [first, first + n) of the shards, which are cleared.
  /// \returns whether every sum is finite
  bool sum(std::size_t shards, std::size_t first, std::size_t n, T* out) {
    std::atomic<bool> finite{true};
    pool_.run((n + chunk - 1) / chunk, [&](std::size_t job, std::size_t) {
      std::size_t const begin = job * chunk;
      std::array<T*, most_shards> parts{};
      for (std::size_t s = 0; s < shards; ++s) parts[s] = memory(s) + first + begin;
      if (!kernels::reduce_shards<Arch, T>(parts.data(), shards, out + begin,
                                           std::min(chunk, n - begin))) {
        finite.store(false, std::memory_order_relaxed);
      }
    });
    return finite.load();
  }
  /// What shards hold is half of something that belongs to no step.
  void forget() { std::fill_n(memory_.data(), memory_.size(), T{0}); }

private:
  thread_pool pool_;
  std::vector<double> losses_; // one a shard
  std::size_t per_shard_;
  arena<T> memory_;
};

template <class Model>
using team_of = thread_team<typename Model::arch, typename Model::scalar>;

} // namespace detail
} // namespace dormant
