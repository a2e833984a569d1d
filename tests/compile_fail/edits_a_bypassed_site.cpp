// expect: edits a site that merged_projections or factored_embedding goes around
// SPDX-License-Identifier: MIT
// An intervention on z, which a model with merged projections never reads.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using word = float;
#else
using word = merged_projections;
#endif

double use(batch const& rows) {
  transformer<shape{}, softmax, word> net;
  return net.evaluate(rows, ablate_head{}).loss;
}
