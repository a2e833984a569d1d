// SPDX-License-Identifier: MIT
// The processes (MPI says ranks) that train one model together, and how they stay together: what
// one of them throws, all throw.
#pragma once

#include "dormant/error.hpp"
#include "dormant/mpi/notes.hpp"
#include "dormant/mpi/share_of_cores.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

namespace dormant::mpi {

/// Ranks with a communicator of their own. Every call is for all of them, unless it only asks.
class group {
public:
  /// The ranks of `whole` that say the same colour, in their order. All of `whole` have to call it.
  group(group const& whole, int colour) : group(split(whole, colour), whole.share_) {}
  group(group const&) = delete;
  group& operator=(group const&) = delete;
  ~group() { MPI_Comm_free(&ranks_); }

  [[nodiscard]] std::size_t rank() const { return static_cast<std::size_t>(rank_); }
  [[nodiscard]] std::size_t ranks() const { return static_cast<std::size_t>(size_); }
  [[nodiscard]] bool first() const { return rank_ == 0; }
  /// The cores that this rank should use: its part of the machine, or those that it is bound to.
  [[nodiscard]] std::size_t cores() const { return share_.cores; }
  [[nodiscard]] MPI_Comm communicator() const { return ranks_; }

  /// Calls f() on every rank and ends when all have ended. What one rank throws, all
  /// throw: that rank itself what it threw, and those that threw nothing an `error` that
  /// names it and says the same. What leaves on one rank must leave on all: who catches it
  /// within f does so on every rank.
  template <class F>
  auto together(F f) {
    settled_ = failed_together_ = false;
    try {
      if constexpr (std::is_void_v<decltype(f())>) {
        f();
        end();
      } else {
        auto result = f();
        end();
        return result;
      }
    } catch (...) {
      if (!settled_) tell_failure();
      failed_together_ = true;
      throw;
    }
  }

  /// \throws error on every rank if one of them has another value than the first
  void compare(std::uint64_t value, std::string_view what) {
    notes_.write(detail::intent::compare, value);
    meet(detail::intent::compare);
    require_same(0, {what});
  }

  /// Whether the last `error` came because another rank was done with what this one began.
  [[nodiscard]] bool others_ended() const { return others_ended_; }

  // For `team`, which exchanges what belongs to a pass.

  /// Says that this rank has run its shards of `shards`, and is about to send `bytes` bytes of what
  /// `probes` probes saw; hears the same of the others.
  /// \throws error on every rank if one of them failed or does something else
  detail::notes const& pass(std::size_t shards, std::size_t probes, std::size_t bytes,
                            std::span<double const> losses) {
    notes_.write(detail::intent::pass, shards, probes, bytes);
    notes_.write_losses(losses);
    meet(detail::intent::pass);
    require_same(0, {"number of shards in this pass"});
    require_same(1, {"number of probes that listen to this pass"});
    return notes_;
  }
  /// Tells the others of the exception that is being handled.
  void tell_failure() {
    try {
      throw;
    } catch (std::exception const& why) {
      fail(why.what());
    } catch (...) {
      fail("threw what is no std::exception");
    }
    settled_ = true;
  }
  /// Calls a collective function of MPI with these arguments and the communicator, or, where ranks
  /// outnumber cores, its twin that does not wait: MPI waits by spinning, which keeps those that it
  /// waits for from running.
  void collective(auto* now, auto* begin, auto... arguments) const {
    if (!share_.crowded) {
      now(arguments..., ranks_);
      return;
    }
    MPI_Request request = MPI_REQUEST_NULL;
    begin(arguments..., ranks_, &request);
    int done = 0;
    while (MPI_Test(&request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && done == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(10));
    }
  }
  /// Ends the whole program where the others cannot be told: they are in the middle of an exchange.
  [[noreturn]] void abort(char const* why) const {
    std::fprintf(stderr, "dormant: rank %d of %d: %s\n", rank_, size_, why);
    std::fflush(stderr);
    // MPICH's launcher drops what it has not passed on when it ends the
    // ranks: 1 sentence of 10 was lost.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    MPI_Abort(MPI_COMM_WORLD, 1);
    std::terminate();
  }

protected:
  /// Takes over a communicator.
  group(MPI_Comm own, detail::share_of_cores share)
      : ranks_(own), rank_(asked(MPI_Comm_rank, own)), size_(asked(MPI_Comm_size, own)),
        share_(share), notes_(ranks()) {}
  /// Whether all ranks come here within so many seconds.
  [[nodiscard]] bool all_here(double seconds) const {
    MPI_Request request = MPI_REQUEST_NULL;
    int done = 0;
    MPI_Ibarrier(ranks_, &request);
    for (double const end = MPI_Wtime() + seconds; done == 0 && MPI_Wtime() < end;) {
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (done == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return done != 0;
  }
  /// Whether the exception that ended the last `together` is every rank's.
  [[nodiscard]] bool failed_together() const { return failed_together_; }

private:
  static int asked(int (*question)(MPI_Comm, int*), MPI_Comm ranks) {
    int answer = 0;
    question(ranks, &answer);
    return answer;
  }
  static MPI_Comm split(group const& whole, int colour) {
    MPI_Comm part = MPI_COMM_NULL;
    MPI_Comm_split(whole.ranks_, colour, whole.rank_, &part);
    return part;
  }

  // Another rank may be in the middle of something, and then knows that this one is not.
  void end() {
    if (std::exchange(settled_, false)) return;
    notes_.write(detail::intent::end);
    meet(detail::intent::end);
    settled_ = false;
  }
  void fail(std::string const& why) {
    notes_.write(detail::intent::fail, why.size());
    meet(detail::intent::fail, why);
  }
  // Exchanges the notes; returns if all intend the same, or if it is this rank that does not.
  void meet(detail::intent mine, std::string why = {}) {
    using detail::intent;
    settled_ = others_ended_ = false;
    notes_.exchange([this](auto const* mine_words, auto* all, int words) {
      collective(MPI_Allgather, MPI_Iallgather, mine_words, words, MPI_UINT64_T, all, words,
                 MPI_UINT64_T);
    });
    if (auto const r = first_that(intent::fail); r < ranks()) {
      why.resize(notes_.number(r, 0));
      collective(MPI_Bcast, MPI_Ibcast, why.data(), static_cast<int>(why.size()), MPI_CHAR,
                 static_cast<int>(r));
      settled_ = true;
      if (mine == intent::fail) return;
      refuse({"rank ", r, " of ", ranks(), ": ", why});
    }
    if (auto const r = first_that(intent::end); r < ranks() && mine != intent::end) {
      settled_ = others_ended_ = true;
      refuse({"rank ", r, " of ", ranks(), " is done, while this one has more to compute with it"});
    }
  }
  [[nodiscard]] std::size_t first_that(detail::intent what) const {
    std::size_t r = 0;
    while (r < ranks() && notes_.what(r) != what) ++r;
    return r;
  }
  void require_same(std::size_t number, dormant::detail::words what) {
    for (std::size_t r = 1; r < ranks(); ++r) {
      if (notes_.what(r) == notes_.what(0) &&
          notes_.number(r, number) == notes_.number(0, number)) {
        continue;
      }
      settled_ = true;
      refuse(
          {"rank ", r, " of ", ranks(), " has not the same "},
          {sentence(what), " as rank 0; every rank has to train the same model in the same way"});
    }
  }

  MPI_Comm ranks_;
  int rank_, size_;
  detail::share_of_cores share_;
  detail::notes notes_;
  bool settled_ = false;         // all know of the exception that is under way
  bool others_ended_ = false;    // see others_ended()
  bool failed_together_ = false; // see failed_together()
};

} // namespace dormant::mpi
