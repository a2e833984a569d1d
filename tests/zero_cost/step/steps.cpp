// SPDX-License-Identifier: MIT
// A few training steps without hooks, in a function that a profiler can single out.
#include <dormant/dormant.hpp>

#include <cstdio>

namespace dm = dormant;

namespace {
constexpr dm::shape small{.layers = 2, .heads = 2, .width = 32, .vocab = 67, .context = 24};
} // namespace

// Not inlined and with C linkage, so that callgrind can count its instructions by name.
extern "C" [[gnu::noinline]] double measured_step(void (*step)(void*, double*), void* run) {
  double loss = 0;
  step(run, &loss);
  return loss;
}

int main() {
  auto const task = dm::bigram_backcopy<small>({.seed = 1});
  auto net = dm::transformer<small, dm::softmax>({.seed = 1});
  dm::trainer run(net, task, dm::adamw{}, dm::schedule{.steps = 4, .batch = 8, .threads = 1});
  run.step(); // the first step warms caches and lazily taken memory up
  double loss = 0;
  for (int i = 0; i < 3; ++i) {
    loss = measured_step(
        [](void* p, double* out) { *out = static_cast<decltype(run)*>(p)->step(); }, &run);
  }
  std::printf("%.17g\n", loss);
}
