// SPDX-License-Identifier: MIT
// A model in double, whose exponentials are where g++ 12 warns of its own AVX-512 intrinsics.
#include <dormant/dormant.hpp>

double loss_in_double();

double loss_in_double() {
  constexpr dormant::shape tiny{.width = 16, .vocab = 67, .context = 16};
  auto const task = dormant::bigram_backcopy<tiny>({.triggers = 3, .seed = 42});
  dormant::transformer<tiny, dormant::softmax, double> net({.seed = 42});
  return dormant::train(net, task, dormant::adamw{.lr = 1e-3}, {.steps = 2, .batch = 4}).loss;
}
