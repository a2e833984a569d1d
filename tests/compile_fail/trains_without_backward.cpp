// expect: an intervention used in training needs the backward pass that belongs
// SPDX-License-Identifier: MIT
// Doubling the values in training, without doubling their gradient.
#include "dormant/dormant.hpp"

using namespace dormant;

struct louder {
  void operator()(site::v, view<float, 3>& v) const { v *= 2; }
#ifdef TWIN
  void operator()(site::gradient_of<site::v>, view<float, 3>& dv) const { dv *= 2; }
#endif
};

void use(bigram_backcopy<shape{}> const& task, batch const& rows) {
  transformer<shape{}, softmax> net;
  (void)net.evaluate(rows, louder{}); // evaluating needs no backward pass
  train(net, task, adamw{}, {}, louder{});
}
