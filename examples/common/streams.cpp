// SPDX-License-Identifier: MIT
// Makes the standard streams valid before `main` and looks after what was written to them.
#include "common/streams.hpp"

#include "dormant/io/plain_words.hpp"
#include "dormant/progress.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace program {

namespace {

bool asked = false; // somebody else has taken care of lost output

/// The lifetime of a process, from before `main` to after it.
class process {
public:
  process() {
    // Otherwise the first file that is opened becomes a stream and is written into. What is written
    // to stdout must fail as if it were closed, so that is opened for reading; messages may vanish.
    for (int const fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (::fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
      (void)!::open("/dev/null",
                    fd == STDERR_FILENO ? O_WRONLY : O_RDONLY); // the lowest that is free
    }
    std::signal(SIGPIPE, SIG_IGN); // a reader that has gone, and a file that may not grow, are
    std::signal(SIGXFSZ, SIG_IGN); // errors of a write, which say what was lost
  }
  process(process const&) = delete;
  process& operator=(process const&) = delete;
  ~process() {
    if (asked) return;
    auto const why = lost_output();
    if (why.empty()) return;
    tell("{}: standard output cannot be written: {}\n", ::program_invocation_short_name, why);
    ::_exit(EXIT_FAILURE);
  }
} const this_process;

} // namespace

void tell(std::string_view text) noexcept {
  dormant::detail::told_at() = std::chrono::steady_clock::now();
  (void)!std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

std::string lost_output() {
  asked = true;
  bool const before = std::ferror(stdout) != 0;
  errno = 0;
  if (std::fflush(stdout) == 0 && !before) return {};
  int const code = errno; // unknown where only an earlier write failed
  if (code == EBADF) return "it is closed";
  return code == 0 ? "the system refused a part of it" : dormant::io::plain_reason(code);
}

} // namespace program
