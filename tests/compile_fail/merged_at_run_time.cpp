// expect: merged_projections pays, and is offered, for one head only
// SPDX-License-Identifier: MIT
// A type that knows no number of heads does not know that there is one.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using net_type = transformer<at_run_time, softmax>;
#else
using net_type = transformer<at_run_time, softmax, merged_projections>;
#endif

double use(batch const& rows) {
  net_type net(shape{.width = 64});
  return net.evaluate(rows).loss;
}
