// expect: the stack must name as many blocks as the shape has layers
// SPDX-License-Identifier: MIT
// Two blocks for three layers.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
constexpr shape s{.layers = 2};
#else
constexpr shape s{.layers = 3};
#endif

double use(batch const& rows) {
  transformer<s, stack<mlp_block<>, block<softmax>>> net;
  return net.evaluate(rows).loss;
}
