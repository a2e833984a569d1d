// SPDX-License-Identifier: MIT
// A team over processes: each rank runs some of a batch's shards, by threads, and what they found
// is put together in the order of the shards, so the bits depend neither on ranks nor on threads.
#pragma once

#include "dormant/mpi/group.hpp"
#include "dormant/mpi/probe_exchange.hpp"
#include "dormant/mpi/shares.hpp"
#include "dormant/mpi/slice_sum.hpp"
#include "dormant/pass/team.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace dormant::mpi {

/// What `trainer` and `detail::batch_pass` ask of a team, by all ranks of a group.
template <class Arch, class T>
class team {
  using local_team = dormant::detail::thread_team<Arch, T>;

public:
  using members = group&;
  static constexpr std::size_t chunk = local_team::chunk;
  static constexpr std::size_t wave = 4 * 1024 * 1024; ///< elements of a shard exchanged at a time

  /// \throws error as `thread_team` does
  team(execution how, std::size_t per_shard, members all, std::size_t at_once = wave)
      : all_(all), shards_(local_team::checked(how).shards),
        local_(of_one_rank(how, all), per_shard), losses_(local_.shards()),
        sum_(all, shards_, all.ranks() == 1 ? 0 : per_shard, at_once), probes_(all) {}

  [[nodiscard]] std::size_t threads() const { return local_.threads(); }
  [[nodiscard]] dormant::detail::thread_pool& pool() { return local_.pool(); }
  [[nodiscard]] std::size_t shards() const { return shards_; }
  [[nodiscard]] std::size_t shards(std::size_t rows) const { return std::min(shards_, rows); }
  /// Of a shard that this rank runs in the pass that is under way.
  [[nodiscard]] T* memory(std::size_t shard) { return local_.memory(shard - own_.first); }
  void forget() { local_.forget(); }

  /// The sum of f(shard, thread) over all ranks' shards, in the order of the shards.
  /// \throws what a shard threw: on every rank, as `group::together` says
  template <class F>
  double run(std::size_t shards, F f) {
    return run_own(shards, f, 0, [] { return std::size_t{0}; });
  }
  /// The same, where the shards' probes listen. The `hooks` of every rank get what all shards saw.
  template <class F, class Copies, class... Hooks>
  double run(std::size_t shards, F f, Copies const& copies, Hooks&... hooks) {
    double const sum = run_own(shards, f, probes_.count(copies, hooks...), [&] {
      return shards == 1 ? 0 : probes_.write(own_, copies, hooks...);
    });
    if (shards == 1) {
      copies.merge_into(hooks...);
    } else {
      probes_.merge(shards, *heard_, copies, hooks...);
    }
    return sum;
  }

  /// out [n] = the sum of elements [first, first + n) of all ranks' shards, which are cleared; on
  /// every rank.
  /// \returns whether every sum is finite
  bool sum(std::size_t shards, std::size_t first, std::size_t n, T* out) {
    if (shards == 1 || all_.ranks() == 1) return local_.sum(shards, first, n, out);
    return sum_(local_, own_, shards, first, n, out);
  }

private:
  static execution of_one_rank(execution how, group const& all) {
    return {.threads = how.threads != 0 ? how.threads : all.cores(),
            .shards = (how.shards + all.ranks() - 1) / all.ranks()};
  }

  // Runs this rank's shards, and `write`, which says how many bytes of probes it
  // wrote; hears how the others fared.
  template <class F, class Write>
  double run_own(std::size_t shards, F f, std::size_t probes, Write write) {
    own_ = detail::shards_of(all_.rank(), all_.ranks(), shards);
    std::size_t bytes = 0;
    try {
      pool().run(own_.size, [&](std::size_t k, std::size_t thread) {
        losses_[k] = f(own_.first + k, thread);
      });
      bytes = write();
    } catch (...) {
      all_.tell_failure();
      throw;
    }
    heard_ = &all_.pass(shards, probes, bytes, std::span(losses_).first(own_.size));
    double sum = 0;
    if (shards == 1) return sum + losses_[0];
    for (std::size_t r = 0; r < all_.ranks(); ++r) {
      std::size_t const theirs = detail::shards_of(r, all_.ranks(), shards).size;
      for (std::size_t k = 0; k < theirs; ++k) sum += heard_->loss(r, k);
    }
    return sum;
  }

  group& all_;
  std::size_t shards_;
  local_team local_;
  std::vector<double> losses_; // one a shard of this rank
  detail::slice_sum<Arch, T> sum_;
  detail::probe_exchange probes_;
  detail::share own_; // of the pass that is under way
  detail::notes const* heard_ = nullptr;
};

} // namespace dormant::mpi
