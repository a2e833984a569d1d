// expect: exact_decay goes directly around an optimizer
// SPDX-License-Identifier: MIT
// Decay that would not hear of the freeze inside it.
#include "dormant/dormant.hpp"

using namespace dormant;

void use(bigram_backcopy<shape{}> const& task) {
  transformer<shape{}, softmax> net;
#ifdef TWIN
  train(net, task, frozen{exact_decay{adamw{}}, {.group = group::mlp}}, {});
#else
  train(net, task, exact_decay{frozen{adamw{}, {.group = group::mlp}}}, {});
#endif
}
