// SPDX-License-Identifier: MIT
// Programs without their streams, and the words in which they refuse what a file system may hold.
// What holds for every program alike is in hostile.sh.
#include "catch.hpp"
#include "programs/program.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/wait.h>

namespace {

/// What a shell makes of a command in a folder; `$programs` is where the programs are.
int shell(std::filesystem::path const& folder, std::string const& command) {
  auto const start = "cd '" + folder.string() + "' && programs='" DORMANT_PROGRAMS "'; ";
  int const status = std::system((start + command).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string const start = "$programs/bigram_backcopy --no-figures --batch 2 --every 1 --threads 1 ";

} // namespace

TEST_CASE("a stream that is closed is never another file", "[programs]") {
  scratch::folder const here;
  std::string const stopped = start + "--steps 1000000 --out run 2>&- >out & pid=$!; "
                                      "while [ ! -s run/metrics.csv ]; do sleep 0.05; done; "
                                      "sleep 0.2; kill -TERM $pid; wait $pid";
  CHECK(shell(here.path(), stopped) == 130);
  auto const metrics = scratch::read(here / "run/metrics.csv");
  CHECK(metrics.find("stopped") == std::string::npos);
  CHECK(metrics.find("resume") == std::string::npos);
  auto const commas =
      std::count(metrics.begin(), std::find(metrics.begin(), metrics.end(), '\n'), ',');
  auto const lines = std::count(metrics.begin(), metrics.end(), '\n');
  CHECK(std::count(metrics.begin(), metrics.end(), ',') == commas * lines);

  CHECK(shell(here.path(), start + "--steps 3 --out silent >&- 2>&- <&-") == 1);
  CHECK(shell(here.path(), start + "--steps 3 --out whole >out") == 0);
  CHECK(scratch::read(here / "silent/metrics.csv") == scratch::read(here / "whole/metrics.csv"));
}

TEST_CASE("a stop that cannot be told of is a stop", "[programs]") {
  scratch::folder const here;
  std::string const stopped = start + "--steps 1000000 --out run 2>/dev/full >out & pid=$!; "
                                      "while [ ! -s run/metrics.csv ]; do sleep 0.05; done; "
                                      "sleep 0.2; kill -TERM $pid; wait $pid";
  CHECK(shell(here.path(), stopped) == 130);
}

TEST_CASE("names that are no text are served or refused in words", "[programs]") {
  scratch::folder const here;
  CHECK(shell(here.path(), "printf 'hello hello' >\"$(printf '\\377.txt')\"") == 0);
  // An argument of such a name works, and run.json stays valid JSON.
  CHECK(shell(here.path(), start + "--steps 1 --triggers 1 --out run --corpus "
                                   "\"$(printf '\\377.txt')\" >out 2>err") == 0);
  CHECK(scratch::read(here / "err").empty());
  auto const info = scratch::read(here / "run/run.json");
  CHECK(info.find('\xff') == std::string::npos);
  CHECK_THAT(info, Catch::Contains("counted in"));
  CHECK(shell(here.path(), "$programs/count_bigrams --corpus \"$(printf '\\376.txt')\" --out o.csv "
                           "2>err") == 1);
  CHECK(scratch::read(here / "err") ==
        "count_bigrams: cannot read '?.txt': no such file or folder\n");
  std::string const name(300, 'n');
  CHECK(shell(here.path(), start + "--out " + name + " 2>err") == 1);
  CHECK_THAT(scratch::read(here / "err"), Catch::EndsWith(": the name is too long\n"));
  CHECK(shell(here.path(), "$programs/count_bigrams --corpus \"$(printf '\\377.txt')\" --out " +
                               name + " 2>err") == 1);
  CHECK_THAT(scratch::read(here / "err"), Catch::EndsWith(": the name is too long\n"));
}

TEST_CASE("a byte order mark is skipped before a text and named before a table", "[programs]") {
  scratch::folder const here;
  scratch::write(here / "t.txt", "\xEF\xBB\xBFhello hello");
  REQUIRE(shell(here.path(), "$programs/count_bigrams --corpus t.txt --out t.csv >out") == 0);
  CHECK(scratch::read(here / "out") == "5 distinct characters counted, written to t.csv\n");
  scratch::write(here / "b.csv", "\xEF\xBB\xBF" + scratch::read(here / "t.csv"));
  CHECK(shell(here.path(), start + "--bigrams b.csv --triggers 1 2>err") == 1);
  CHECK(scratch::read(here / "err") == "bigram_backcopy: 'b.csv', line 1: begins with a byte order "
                                       "mark; save it as UTF-8 without one\n");
}
