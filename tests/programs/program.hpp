// SPDX-License-Identifier: MIT
// Runs the programs as a shell would. DORMANT_PROGRAMS is the folder where they are built.
#pragma once

#include "io/scratch.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace programs {

struct outcome {
  int code = -1; ///< what the shell would call $?
  std::string out, err;
};

/// A program that was started in a folder.
class process {
public:
  process(std::filesystem::path const& folder, std::string const& name,
          std::vector<std::string> const& arguments) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    for (auto const& [fd, file] : {std::pair{1, "out"}, std::pair{2, "err"}}) {
      posix_spawn_file_actions_addopen(&actions, fd, (streams_ / file).c_str(), O_WRONLY | O_CREAT,
                                       0600);
    }
    std::vector<std::string> words{(std::filesystem::path(DORMANT_PROGRAMS) / name).string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int const code = posix_spawn(&id_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) throw std::runtime_error(words[0] + " cannot be started");
  }

  void signal(int which) const { ::kill(id_, which); }
  [[nodiscard]] outcome wait() const {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {}
    int const code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return {code, scratch::read(streams_ / "out"), scratch::read(streams_ / "err")};
  }

private:
  scratch::folder streams_;
  pid_t id_ = 0;
};

/// Runs a program to its end.
inline outcome run(std::filesystem::path const& folder, std::string const& name,
                   std::vector<std::string> const& arguments) {
  return process(folder, name, arguments).wait();
}

/// Arguments of a test, the given before the usual ones: flags and their values, or flags without.
inline std::vector<std::string> with_usual(std::vector<std::string> usual,
                                           std::vector<std::string> const& given) {
  for (auto const& flag : given) {
    auto const other =
        flag.starts_with("--") ? std::find(usual.begin(), usual.end(), flag) : usual.end();
    if (other != usual.end()) usual.erase(other, other + 2);
  }
  usual.insert(usual.end(), given.begin(), given.end());
  return usual;
}

/// Arguments of `train_lm` for a run small enough for a test, beside its texts.
inline std::vector<std::string> small_training(std::vector<std::string> const& more) {
  return with_usual({"--layers", "1", "--heads", "2", "--width", "16", "--context", "16", "--batch",
                     "4", "--warm-up", "5"},
                    more);
}

/// What a program says to a mistake: checks that it is one line that begins with the name of the
/// program, that the exit code is the given one and that stdout is silent; returns the sentence.
inline std::string mistake(outcome const& found, std::string const& name, int code) {
  auto const start = name + ": ";
  if (found.code != code)
    return "the exit code is " + std::to_string(found.code) + ": " + found.err;
  if (!found.out.empty()) return "stdout is not empty: " + found.out;
  if (!found.err.starts_with(start) || found.err.find('\n') + 1 != found.err.size()) {
    return "not one sentence: " + found.err;
  }
  return found.err.substr(start.size(), found.err.size() - start.size() - 1);
}

/// Waits until something is true, at most half a minute.
inline bool wait_until(std::function<bool()> const& is_true) {
  for (int tries = 0; tries < 3000; ++tries) {
    if (is_true()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

} // namespace programs
