// expect: edits a site that merged_projections or factored_embedding goes around
// SPDX-License-Identifier: MIT
// An intervention on z, which a model with merged projections never reads.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using part = float;
#else
using part = merged_projections;
#endif

double use(batch const& rows) {
  transformer<shape{}, softmax, part> net;
  return net.evaluate(rows, ablate_head{}).loss;
}
