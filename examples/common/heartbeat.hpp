// SPDX-License-Identifier: MIT
// A sign of life for log files: whatever takes long, a step, a figure or a table, somebody who
// reads the log sees at least once a minute that the program is at work.
#pragma once

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace program {

/// As long as it lives, a line on stderr each time that nothing was said for an interval. On a
/// terminal it is silent.
class heartbeat {
public:
  explicit heartbeat(std::string name,
                     std::chrono::milliseconds interval = std::chrono::seconds(55),
                     bool in_log = isatty(STDERR_FILENO) == 0);
  heartbeat(heartbeat const&) = delete;
  heartbeat& operator=(heartbeat const&) = delete;
  ~heartbeat();

private:
  void beat(std::string const& name, std::chrono::milliseconds interval);

  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_; // none on a terminal, or where no thread can be had
};

} // namespace program
