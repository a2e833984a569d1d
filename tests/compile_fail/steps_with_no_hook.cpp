// expect: this hook hears no site: it is neither a probe .callable with a site
// SPDX-License-Identifier: MIT
// A step taken by hand checks its hooks as `train` does.
#include "dormant/dormant.hpp"

using namespace dormant;

struct deaf {
#ifdef TWIN
  void operator()(site::loss, double const&) {}
#endif
};

double use() {
  transformer<shape{}, softmax> net;
  bigram_backcopy<shape{}> const task;
  trainer run(net, task, adamw{}, schedule{});
  deaf hook;
  return run.step(hook);
}
