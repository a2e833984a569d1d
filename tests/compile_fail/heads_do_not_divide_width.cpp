// expect: width must be divisible by heads
// SPDX-License-Identifier: MIT
// Three heads cannot share 64 columns.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
constexpr shape s{.heads = 4, .width = 64};
#else
constexpr shape s{.heads = 3, .width = 64};
#endif

double use(batch const& rows) {
  transformer<s, softmax> net;
  return net.evaluate(rows).loss;
}
