// SPDX-License-Identifier: MIT
// How far all runs are: one line rewritten on a terminal; elsewhere a plain line a finished run and
// a minute.
#pragma once

#include "dormant/progress.hpp"
#include "dormant/sites.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

namespace program {

/// Shared by the threads that train.
class board {
public:
  /// \param steps of all runs together
  board(std::size_t runs, std::uint64_t steps)
      : live_(isatty(STDERR_FILENO) != 0), runs_(runs), total_(steps), begun_(clock::now()),
        shown_(begun_) {}

  /// One step of any run is done.
  void stepped() {
    auto const done = ++done_;
    std::unique_lock const lock(mutex_, std::try_to_lock);
    if (!lock || clock::now() - shown_ < (live_ ? on_terminal : in_log)) return;
    show(done);
  }

  /// One run is done; `what` says what it found.
  void finished(std::string const& what) {
    std::lock_guard const lock(mutex_);
    ++finished_;
    fmt::print(stderr, "{}{:>{}}/{}  {}\n", live_ ? "\r\033[K" : "", finished_, runs_ < 10 ? 1 : 2,
               runs_, what);
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
    if (live_) fmt::print(stderr, "\r\033[K");
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(clock::now() - begun_).count();
  }

private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds on_terminal{150};
  static constexpr std::chrono::minutes in_log{1};

  void show(std::uint64_t done) {
    shown_ = clock::now();
    constexpr std::size_t width = 30;
    double const share = static_cast<double>(done) / static_cast<double>(total_);
    auto const filled = static_cast<std::size_t>(share * width);
    double const left = done == 0 ? 0 : seconds() * (1 / share - 1);
    fmt::print(stderr, "{}[{:#>{}}{:.>{}}] {:3.0f}%  {} of {} runs done  {} left{}",
               live_ ? "\r\033[K" : "", "", filled, "", width - filled, 100 * share, finished_,
               runs_, in_words(left), live_ ? "" : "\n");
    std::fflush(stderr);
  }

  /// e.g. "40 s", "12 min", "5.3 h"
  static std::string in_words(double seconds) {
    if (seconds < 120) return fmt::format("{:.0f} s", seconds);
    return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60)
                          : fmt::format("{:.1f} h", seconds / 3600);
  }

  bool live_;
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
