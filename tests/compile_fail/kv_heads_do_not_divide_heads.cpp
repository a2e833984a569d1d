// expect: heads must be divisible by kv_heads
// SPDX-License-Identifier: MIT
// Three heads of keys for four of queries.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
constexpr shape s{.heads = 4, .width = 64, .kv_heads = 2};
#else
constexpr shape s{.heads = 4, .width = 64, .kv_heads = 3};
#endif

double use(batch const& rows) {
  transformer<s, softmax> net;
  return net.evaluate(rows).loss;
}
