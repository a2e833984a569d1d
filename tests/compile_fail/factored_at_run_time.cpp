// expect: factored_embedding needs sizes that are part of the type
// SPDX-License-Identifier: MIT
// The factored layer is the first of as many as the type says.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using net_type = transformer<at_run_time, softmax>;
#else
using net_type = transformer<at_run_time, softmax, factored_embedding>;
#endif

double use(batch const& rows) {
  net_type net(shape{.heads = 4, .width = 64});
  return net.evaluate(rows).loss;
}
