// SPDX-License-Identifier: MIT
// Signals that end a run after its step, and rows that are given away instead of kept.
#include "dormant/cadence.hpp"
#include "dormant/probe/risk.hpp"
#include "dormant/progress.hpp"

#include "catch.hpp"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <malloc.h>

using namespace dormant;

TEST_CASE("interrupts: Ctrl-C, SIGTERM and the end of a session ask a run to stop") {
  for (int const which : {SIGINT, SIGTERM, SIGHUP}) {
    stop_on_interrupt const stop;
    CHECK_FALSE(stop.stop_requested());
    std::raise(which);
    CHECK(stop.stop_requested());
    if (which == SIGHUP) std::raise(which); // a terminal's end may be told twice
  }
}

TEST_CASE(
    "interrupts: what was asked of one is heard by those made later, until the first is gone") {
  {
    stop_on_interrupt const first;
    std::raise(SIGTERM);
    stop_on_interrupt const second;
    CHECK(second.stop_requested());
    { stop_on_interrupt const third; }
    CHECK(first.stop_requested());
  }
  CHECK_FALSE(stop_on_interrupt().stop_requested());
}

TEST_CASE("interrupts: what is ignored under nohup stays ignored") {
  auto const before = std::signal(SIGHUP, SIG_IGN);
  {
    stop_on_interrupt const stop;
    std::raise(SIGHUP);
    CHECK_FALSE(stop.stop_requested());
  }
  CHECK(std::signal(SIGHUP, before) == SIG_IGN);
}

TEST_CASE("history: rows that are given away take no memory") {
  std::size_t given = 0;
  auto const fill = [&](auto& log, std::uint64_t rows) {
    for (std::uint64_t step = 0; step < rows; ++step) {
      log.due(step);
      log.close();
    }
  };
  auto const in_use = [] { return mallinfo2().uordblks; }; // 0 under a sanitizer's own malloc
  history kept(every{1}, risk{});
  history log(every{1}, risk{});
  log.give_rows_to([&](probe_row const&) { ++given; });
  fill(log, 10);
  auto const before = in_use();
  fill(log, 10'000);
  CHECK(in_use() < before + 10'000);
  CHECK(given == 10'010);
  CHECK(log.rows().empty());
  fill(kept, 10'000);
  if (before != 0) CHECK(in_use() > before + 1'000'000); // what the measuring would have seen
  CHECK(kept.rows().size() == 10'000);
}
