// expect: the model is a temporary, which would be gone before the first step
// SPDX-License-Identifier: MIT
// A trainer refers to its model.
#include "dormant/dormant.hpp"

using namespace dormant;
using net_type = transformer<shape{}, softmax>;

double use() {
  bigram_backcopy<shape{}> const task;
#ifdef TWIN
  net_type net;
  trainer<net_type, bigram_backcopy<shape{}>, adamw> run(net, task, {}, {});
#else
  trainer<net_type, bigram_backcopy<shape{}>, adamw> run(net_type{}, task, {}, {});
#endif
  return run.step();
}
