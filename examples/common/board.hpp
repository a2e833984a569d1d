// SPDX-License-Identifier: MIT
// How far all runs are: one line rewritten on a terminal; elsewhere a plain line a finished run and
// half a minute.
#pragma once

#include "common/streams.hpp"
#include "common/times.hpp"
#include "dormant/progress.hpp"
#include "dormant/sites.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace program {

/// Shared by the threads that train.
class board {
public:
  /// \param steps of all runs together
  /// \param in_log the least time between two lines where stderr is not a terminal
  board(std::size_t runs, std::uint64_t steps,
        std::chrono::milliseconds in_log = std::chrono::seconds(30))
      : live_(isatty(STDERR_FILENO) != 0), pause_(live_ ? std::chrono::milliseconds(150) : in_log),
        runs_(runs), total_(steps), begun_(clock::now()), shown_(begun_) {}

  /// One step of any run is done.
  void stepped() {
    auto const done = ++done_;
    std::unique_lock const lock(mutex_, std::try_to_lock);
    if (!lock || clock::now() - shown_ < pause_) return;
    show(done);
  }

  /// One run is done; `what` says what it found.
  void finished(std::string const& what) {
    std::lock_guard const lock(mutex_);
    ++finished_;
    tell("{}{:>{}}/{}  {}\n", live_ ? "\r\033[K" : "", finished_, runs_ < 10 ? 1 : 2, runs_, what);
    if (live_ && finished_ < runs_) show(done_);
  }

  /// Steps that need not be taken.
  void skip(std::uint64_t steps) { done_ += steps; }

  [[nodiscard]] bool stopping() const { return failed_ || interrupt_.stop_requested(); }
  [[nodiscard]] bool interrupted() const { return interrupt_.stop_requested(); }
  /// One run failed: the others need not go on.
  void fail() { failed_ = true; }
  void clear() {
    std::lock_guard const lock(mutex_);
    if (live_) tell("\r\033[K");
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(clock::now() - begun_).count();
  }

private:
  using clock = std::chrono::steady_clock;

  void show(std::uint64_t done) {
    shown_ = clock::now();
    constexpr std::size_t width = 30;
    auto const all = static_cast<double>(std::max<std::uint64_t>(total_, 1));
    double const share = std::min(1.0, static_cast<double>(done) / all);
    auto const filled = static_cast<std::size_t>(share * width);
    double const left = done == 0 ? 0 : seconds() * (1 / share - 1);
    tell("{}[{:#>{}}{:.>{}}] {:3.0f}%  {} of {} runs done  {} left{}", live_ ? "\r\033[K" : "", "",
         filled, "", width - filled, 100 * share, finished_, runs_, in_words(left),
         live_ ? "" : "\n");
  }

  bool live_;
  std::chrono::milliseconds pause_;
  std::size_t runs_;
  std::uint64_t total_;
  clock::time_point begun_;
  clock::time_point shown_;
  std::atomic<std::uint64_t> done_ = 0;
  std::size_t finished_ = 0;
  std::atomic<bool> failed_ = false;
  dormant::stop_on_interrupt interrupt_;
  std::mutex mutex_;
};

/// The hook through which a run tells the board, and is told to stop.
struct on_board {
  board& all;
  void operator()(dormant::site::step, dormant::run_state<float> const&) { all.stepped(); }
  [[nodiscard]] bool stop_requested() const { return all.stopping(); }
};

} // namespace program
