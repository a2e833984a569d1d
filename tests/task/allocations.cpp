// SPDX-License-Identifier: MIT
// Sampling a row takes no memory. Counts every allocation of this test program.
#include "catch.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/task/broadcast.hpp"
#include "dormant/task/in_context_bigrams.hpp"
#include "dormant/task/trigger_average.hpp"
#include "dormant/task/trigger_kinds.hpp"
#include "dormant/task/two_tasks.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace {
std::atomic<std::size_t> allocations{0};
} // namespace

// Not inlined, or the compiler sees memory of `new` go to `free` and warns.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("sampling a row does not allocate", "[task][allocation]") {
  using namespace dormant;
  constexpr shape small{.context = 64};
  bigram_backcopy<small> const task({.rule = {.copy = 0.5F}, .delimiters = 0.1});
  in_context_bigrams<small> const outputs;
  two_tasks<small> const parts;
  trigger_average<small> const average;
  trigger_kinds<small> const kinds;
  broadcast<small> const answer({.elsewhere = 0.5});
  auto room = batch_for(average, 1);
  std::vector<token> tokens(65);
  std::vector<next_token_law> laws(64);
  auto const before = allocations.load();
  for (std::uint64_t r = 0; r < 10; ++r) {
    task.sample_row(stream::user, 0, r, tokens, laws);
    outputs.sample_row(stream::user, 0, r, tokens, laws);
    parts.sample_row(stream::user, 0, r, tokens, laws);
    answer.sample_row(stream::user, 0, r, tokens, laws);
    kinds.sample_row(stream::user, 0, r, tokens, laws);
    average.sample_row(stream::user, 0, r, room.tokens(0), room.laws(0));
  }
  auto const after = allocations.load();
  CHECK(after == before);
}
