// expect: this probe listens to a site that does not exist in this model
// SPDX-License-Identifier: MIT
// Without attention there is no pattern to look at.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using net_type = transformer<shape{}, softmax>;
#else
using net_type = transformer<shape{}, no_attention>;
#endif

double use(net_type const& net, batch const& rows) {
  attention_sink sink;
  return net.evaluate(rows, sink).loss;
}
