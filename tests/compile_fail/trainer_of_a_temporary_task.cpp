// expect: the task is a temporary, which would be gone before the first step
// SPDX-License-Identifier: MIT
// A trainer refers to its task.
#include "dormant/dormant.hpp"

using namespace dormant;

double use() {
  transformer<shape{}, softmax> net;
#ifdef TWIN
  bigram_backcopy<shape{}> const task;
  trainer run(net, task, adamw{}, schedule{}); // the optimizer is copied
#else
  trainer run(net, bigram_backcopy<shape{}>{}, adamw{}, schedule{});
#endif
  return run.step();
}
