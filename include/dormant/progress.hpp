// SPDX-License-Identifier: MIT
// What a person wants from a long run: a line with rate and time left,
// and Ctrl-C that stops cleanly.
#pragma once

#include "dormant/sites.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

namespace dormant {

namespace detail {
/// When this process last said on stderr how far it is, so that others need not.
inline std::atomic<std::chrono::steady_clock::time_point>& told_at() {
  static std::atomic<std::chrono::steady_clock::time_point> when{};
  return when;
}
} // namespace detail

/// How far a training is, on stderr: step, loss, tokens per second, time left. On a terminal one
/// line, rewritten a few times a second; in a log file or a pipe a line after the first step that
/// ends half a minute, and so on: nothing for a short training.
class progress {
public:
  /// \param label what is being trained, put before the line
  /// \param in_log the least time between two lines where stderr is not a terminal
  explicit progress(std::string label = "training",
                    std::chrono::milliseconds in_log = std::chrono::seconds(30))
      : label_(std::move(label)), live_(isatty(STDERR_FILENO) != 0),
        pause_(live_ ? std::chrono::milliseconds(200) : in_log) {}

  template <class T>
  void operator()(site::step, run_state<T> const& run) {
    using namespace std::chrono;
    auto const now = steady_clock::now();
    if (begun_ == steady_clock::time_point{}) {
      begun_ = told_ = now;
      first_ = run.step;
      return; // the first step also pays for warming up
    }
    bool const last = live_ && run.step >= run.steps;
    if (!last && now - told_ < pause_) return;
    told_ = now;
    detail::told_at() = now;
    double const seconds = duration<double>(now - begun_).count();
    double const rate = static_cast<double>(run.step - first_) / seconds;
    double const left = static_cast<double>(run.steps - run.step) / rate;
    std::fprintf(stderr, "%s%s: step %llu / %llu  loss %.4f  %.0f tokens/s  %.0f s left%s",
                 live_ ? "\r\033[K" : "", label_.c_str(), static_cast<unsigned long long>(run.step),
                 static_cast<unsigned long long>(run.steps), run.loss,
                 rate * static_cast<double>(run.tokens_per_step), left, last || !live_ ? "\n" : "");
    std::fflush(stderr);
  }

private:
  std::string label_;
  bool live_;
  std::chrono::milliseconds pause_;
  std::uint64_t first_ = 0;
  std::chrono::steady_clock::time_point begun_{};
  std::chrono::steady_clock::time_point told_{};
};

/// Lets Ctrl-C (SIGINT), SIGTERM or the end of a terminal session (SIGHUP) end a run after the step
/// that is under way. A second Ctrl-C or SIGTERM kills as usual. Objects that live at the same time
/// share what was requested, so a program can make one before it touches anything. SIGHUP stays
/// ignored where it was, as under nohup.
class stop_on_interrupt {
public:
  stop_on_interrupt() {
    if (alive()++ != 0) return;
    requested() = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { requested() = 1; };
    struct sigaction before = {};
    sigaction(SIGHUP, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, &before_[0]); // may come twice
    hears_hangup_ = before.sa_handler != SIG_IGN;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &before_[1]);
    sigaction(SIGTERM, &action, &before_[2]);
    restores_ = true;
  }
  stop_on_interrupt(stop_on_interrupt const&) = delete;
  stop_on_interrupt& operator=(stop_on_interrupt const&) = delete;
  ~stop_on_interrupt() {
    --alive();
    if (!restores_) return;
    if (hears_hangup_) sigaction(SIGHUP, &before_[0], nullptr);
    sigaction(SIGINT, &before_[1], nullptr);
    sigaction(SIGTERM, &before_[2], nullptr);
  }

  template <class T>
  void operator()(site::step, run_state<T> const&) {}
  [[nodiscard]] bool stop_requested() const { return requested() != 0; }

private:
  static std::sig_atomic_t volatile& requested() {
    static std::sig_atomic_t volatile flag = 0;
    return flag;
  }
  static std::atomic<int>& alive() {
    static std::atomic<int> count = 0;
    return count;
  }
  struct sigaction before_[3] = {}; // of SIGHUP, SIGINT, SIGTERM
  bool hears_hangup_ = false;
  bool restores_ = false; // the first one does
};

} // namespace dormant
