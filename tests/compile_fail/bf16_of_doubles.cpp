// expect: bf16 goes with float, not with double
// SPDX-License-Identifier: MIT
// Short operands for a model whose point is precision.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using scalar = float;
#else
using scalar = double;
#endif

double use(batch const& rows) {
  transformer<shape{}, softmax, bf16, scalar> net;
  return net.evaluate(rows).loss;
}
