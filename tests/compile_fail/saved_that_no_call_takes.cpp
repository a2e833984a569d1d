// expect: this intervention has a `saved` that none of its calls takes
// SPDX-License-Identifier: MIT
// An intervention that keeps something, and is never given the place for it.
#include "dormant/dormant.hpp"

using namespace dormant;

struct positive_values {
  struct saved {
    double first = 0;
  };
#ifdef TWIN
  void operator()(site::v, view<float, 3>& v, saved& kept) const {
    kept.first = static_cast<double>(v(0, 0, 0));
    v(0, 0, 0) = 0;
  }
#else
  void operator()(site::v, view<float, 3>& v) const { v(0, 0, 0) = 0; }
#endif
};

double use(batch const& rows) {
  transformer<shape{}, softmax> net;
  return net.evaluate(rows, positive_values{}).loss;
}
