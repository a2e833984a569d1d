// expect: this one has only half of it, so it would be heard in every step
// SPDX-License-Identifier: MIT
// Half a schedule is none.
#include "dormant/dormant.hpp"

using namespace dormant;

struct sometimes {
  void operator()(site::loss, double const&) {}
  bool due(std::uint64_t step) { return step % 10 == 0; }
#ifdef TWIN
  void close() {}
#endif
};

double use() {
  transformer<shape{}, softmax> net;
  bigram_backcopy<shape{}> const task;
  return train(net, task, adamw{}, {}, sometimes{}).loss;
}
