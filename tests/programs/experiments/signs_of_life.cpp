// SPDX-License-Identifier: MIT
// What a log file is told: a line now and then of those that know how far they are, and a line of
// the program itself where they are silent.
#include "catch.hpp"

#include "common/board.hpp"
#include "common/heartbeat.hpp"
#include "common/streams.hpp"
#include "io/scratch.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

/// Ends the program in words if `said_by` takes a quarter of a minute: who waits for a line that
/// never comes cannot fail a check.
class time_limit {
public:
  time_limit() : handler_(std::signal(SIGALRM, over)) { ::alarm(15); }
  time_limit(time_limit const&) = delete;
  time_limit& operator=(time_limit const&) = delete;
  ~time_limit() {
    ::alarm(0);
    std::signal(SIGALRM, handler_);
  }

private:
  static void over(int) {
    constexpr std::string_view why = "signs_of_life: a test did not end within 15 s\n";
    [[maybe_unused]] auto const written = ::write(STDOUT_FILENO, why.data(), why.size());
    ::_exit(1);
  }
  void (*handler_)(int);
};

/// What the function writes on stderr, which is a file meanwhile.
std::string said_by(std::function<void()> const& act) {
  scratch::folder const here;
  time_limit const limit;
  auto const file = here / "log";
  int const before = ::dup(STDERR_FILENO);
  int const log = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, STDERR_FILENO);
  act();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(log);
  return scratch::read(file);
}
std::ptrdiff_t lines(std::string const& text) { return std::count(text.begin(), text.end(), '\n'); }

void take_steps(auto& hook, std::uint64_t steps) {
  for (std::uint64_t step = 1; step <= steps; ++step) {
    dormant::run_state<float> run;
    run.step = step;
    run.steps = steps;
    run.tokens_per_step = 64;
    hook(dormant::site::step{{step - 1, {}}}, run);
  }
}

} // namespace

TEST_CASE("a log is told of training in plain lines") {
  auto const often = said_by([] {
    dormant::progress bar("training", 0ms);
    take_steps(bar, 4);
  });
  CHECK(lines(often) == 3); // the first step is warming up
  CHECK(often.find('\r') == std::string::npos);
  CHECK_THAT(often, Catch::StartsWith("training: step 2 / 4  loss 0.0000  "));
  auto const rarely = said_by([] {
    dormant::progress bar;
    take_steps(bar, 4);
  });
  CHECK(rarely.empty());
}

TEST_CASE("a log is told of runs in plain lines") {
  auto const said = said_by([] {
    program::board all(2, 4, 0ms);
    all.stepped();
    all.finished("the first");
  });
  CHECK(said ==
        "[#######.......................]  25%  0 of 2 runs done  0 s left\n1/2  the first\n");
}

TEST_CASE("who hears nothing for a while is told that the program is at work") {
  auto const alone = said_by([] {
    program::heartbeat const alive("slow", 30ms, true);
    std::this_thread::sleep_for(400ms);
  });
  CHECK(lines(alone) >= 2);
  CHECK(lines(alone) <= 13);
  CHECK_THAT(alone, Catch::StartsWith("slow: still at work after 0 s\n"));
  auto const beside_others = said_by([] {
    program::heartbeat const alive("slow", 500ms, true);
    dormant::progress bar("training", 0ms);
    for (int i = 0; i < 10; ++i) {
      program::tell("{}\n", i);
      std::this_thread::sleep_for(30ms);
      take_steps(bar, 1);
    }
    std::this_thread::sleep_for(300ms);
  });
  CHECK(beside_others.find("slow") == std::string::npos);
  auto const on_a_terminal = said_by([] {
    program::heartbeat const alive("slow", 1ms, false);
    std::this_thread::sleep_for(50ms);
  });
  CHECK(on_a_terminal.empty());
}
