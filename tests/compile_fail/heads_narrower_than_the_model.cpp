// expect: leave kv_heads and head_size at 0
// SPDX-License-Identifier: MIT
// Two heads of keys for four of queries: no attention part has that yet.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
constexpr shape s{.heads = 4, .width = 64};
#else
constexpr shape s{.heads = 4, .width = 64, .kv_heads = 2};
#endif

double use(batch const& rows) {
  transformer<s, softmax> net;
  return net.evaluate(rows).loss;
}
