// SPDX-License-Identifier: MIT
// The thread that says so.
#include "common/heartbeat.hpp"

#include "common/streams.hpp"
#include "common/times.hpp"
#include "dormant/progress.hpp"

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

namespace program {

heartbeat::heartbeat(std::string name, std::chrono::milliseconds interval, bool in_log) {
  if (!in_log) return;
  // Signals are for the threads that were there without this one.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this, name = std::move(name), interval] { beat(name, interval); });
  } catch (std::system_error const&) { // the work does not need it
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

heartbeat::~heartbeat() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard const lock(mutex_);
    over_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void heartbeat::beat(std::string const& name, std::chrono::milliseconds interval) {
  using clock = std::chrono::steady_clock;
  auto const begun = clock::now();
  std::unique_lock lock(mutex_);
  while (!over_) {
    auto const due = std::max<clock::time_point>(begun, dormant::detail::told_at()) + interval;
    if (clock::now() >= due) {
      std::chrono::duration<double> const so_far = clock::now() - begun;
      tell("{}: still at work after {}\n", name, in_words(so_far.count()));
    } else {
      ended_.wait_until(lock, due);
    }
  }
}

} // namespace program
