// SPDX-License-Identifier: MIT
// Promise 3: memory is taken once; a step after the first calls `operator new` not once.
#include "dormant/dormant.hpp"
#include "dormant/optimizer/optimizers.hpp"
#include "dormant/optimizer/soap.hpp"

#include "catch.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::size_t> taken{0};

void* take_or_null(std::size_t size, std::size_t alignment) noexcept {
  ++taken;
  std::size_t const rounded = (size + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
}
void* take(std::size_t size, std::size_t alignment) {
  if (void* const p = take_or_null(size, alignment)) return p;
  throw std::bad_alloc();
}

// Not inlined: g++ 12 takes `free` in a `delete` for a mismatch.
[[gnu::noinline]] void give_back(void* p) noexcept { std::free(p); }
} // namespace

// The whole program's allocations go through these. Those that do not throw would come here by way
// of the others, but not under a sanitizer, which has its own.
void* operator new(std::size_t size) { return take(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t a) {
  return take(size, static_cast<std::size_t>(a));
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  return take_or_null(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t a, std::nothrow_t const&) noexcept {
  return take_or_null(size, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { give_back(p); }
void operator delete(void* p, std::size_t) noexcept { give_back(p); }
void operator delete(void* p, std::align_val_t) noexcept { give_back(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { give_back(p); }

namespace dm = dormant;

namespace {
constexpr dm::shape small{.layers = 2, .heads = 2, .width = 16, .vocab = 67, .context = 12};

template <class Optimizer, class... Hooks>
std::size_t allocations_of_a_step(std::size_t threads, Optimizer const& optimizer = {},
                                  Hooks... hooks) {
  auto const task = dm::bigram_backcopy<small>({.seed = 1});
  auto net = dm::transformer<small, dm::softmax>({.seed = 1});
  dm::trainer run(net, task, optimizer, dm::schedule{.steps = 9, .batch = 12, .threads = threads});
  run.step(hooks...);
  std::size_t const before = taken;
  for (int i = 0; i < 5; ++i) run.step(hooks...);
  return taken - before;
}
} // namespace

TEST_CASE("the counter counts", "[zero_cost]") {
  std::size_t const before = taken;
  dm::arena<float> const memory(10);
  CHECK(taken - before == 1);
}

TEST_CASE("a step after the first allocates nothing", "[zero_cost]") {
  for (std::size_t const threads : {1UL, 2UL, 3UL}) {
    INFO(threads << " threads");
    CHECK(allocations_of_a_step<dm::adamw>(threads) == 0);
    CHECK(allocations_of_a_step<dm::sgd>(threads) == 0);
    CHECK(allocations_of_a_step<dm::sign_sgd>(threads) == 0);
  }
}

TEST_CASE("wrapped optimizers allocate nothing in a step", "[zero_cost]") {
  auto const how = dm::frozen{
      dm::clipped{dm::with_rate{dm::exact_decay{dm::adamw{}}, dm::cosine_decay{.steps = 9}}, {}},
      {.tensor = "layers.*.attention.wv.weight", .from = 3}};
  for (std::size_t const threads : {1UL, 3UL}) CHECK(allocations_of_a_step(threads, how) == 0);
}

TEST_CASE("optimizers of whole matrices allocate nothing in a step", "[zero_cost]") {
  for (std::size_t const threads : {1UL, 3UL}) {
    INFO(threads << " threads");
    CHECK(allocations_of_a_step<dm::lion>(threads) == 0);
    CHECK(allocations_of_a_step<dm::muon>(threads) == 0);
    CHECK(allocations_of_a_step<dm::ortho_adam>(threads) == 0);
    // Of the decomposition's few numbers, which Eigen takes by malloc, this counter hears nothing.
    CHECK(allocations_of_a_step<dm::soap>(threads, {.refresh = 2}) == 0);
    CHECK(allocations_of_a_step(
              threads, dm::by_group{dm::group::attention, dm::muon{},
                                    dm::by_group{dm::vectors{}, dm::lion{}, dm::adamw{}}}) == 0);
  }
}

TEST_CASE("what interventions keep is taken in the first step", "[zero_cost]") {
  dm::cap_attention const one{.layer = 0, .most = 0.2}, other{.layer = 1, .most = 0.1};
  dm::when now(dm::every{1}, other);
  now.due(0);
  for (std::size_t const threads : {1UL, 3UL}) {
    INFO(threads << " threads");
    CHECK(allocations_of_a_step(threads, dm::adamw{}, one, now, dm::ablate_head{}) == 0);
  }
}
