// expect: there is no factor 1 - lr
// SPDX-License-Identifier: MIT
// Exact decay around an optimizer whose decay is part of the gradient.
#include "dormant/dormant.hpp"

using namespace dormant;

void use(bigram_backcopy<shape{}> const& task) {
  transformer<shape{}, softmax> net;
#ifdef TWIN
  train(net, task, exact_decay{sign_sgd{}}, {});
#else
  train(net, task, exact_decay{sgd{}}, {});
#endif
}
