// expect: this intervention edits a site that does not exist in this model
// SPDX-License-Identifier: MIT
// There is no MLP to silence.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using net_type = transformer<shape{}, softmax>;
#else
using net_type = transformer<shape{}, softmax, no_mlp>;
#endif

double use(net_type const& net, batch const& rows) {
  return net.evaluate(rows, zero_mlp{.layer = 0}).loss;
}
