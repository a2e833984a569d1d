// SPDX-License-Identifier: MIT
// An option that a build cannot heed ends the program before it does anything.
#include "common/command_line.hpp"
#include "common/exit_code.hpp"

#include "catch.hpp"

#include <array>

TEST_CASE("a refused option is a mistake of the command line, and its absence none") {
  auto const run = [](std::array<char const*, 2> words, int count, bool& reached) {
    bool fast = false;
    program::command_line line("measure", "A program.");
    line.on("--fast", fast, "which this build cannot");
    line.refuse("--fast", "this build has no such instructions");
    return line.run(count, words.data(), [&] {
      reached = true;
      return int{program::success};
    });
  };
  bool reached = false;
  CHECK(run({"measure", "--fast"}, 2, reached) == program::usage);
  CHECK_FALSE(reached);
  CHECK(run({"measure", ""}, 1, reached) == program::success);
  CHECK(reached);
}
