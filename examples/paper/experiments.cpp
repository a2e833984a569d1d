// SPDX-License-Identifier: MIT
// Starts a program and waits for it.
#include "paper/experiments.hpp"

#include "dormant/error.hpp"
#include "dormant/io/plain_words.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paper {

int run_program(std::filesystem::path const& file, std::vector<std::string> const& arguments,
                std::filesystem::path const& output, dormant::stop_on_interrupt const& stop) {
  posix_spawn_file_actions_t streams;
  posix_spawn_file_actions_init(&streams);
  posix_spawn_file_actions_addopen(&streams, STDOUT_FILENO, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  std::vector<std::string> words = {file.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  int const code = posix_spawn(&child, file.c_str(), &streams, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&streams);
  if (code != 0) {
    dormant::refuse({dormant::io::shown(file), " cannot be started: "},
                    {dormant::io::plain_reason(code)});
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    if (stop.stop_requested()) ::kill(child, SIGTERM);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace paper
