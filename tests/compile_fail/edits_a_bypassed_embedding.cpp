// expect: edits a site that merged_projections or factored_embedding goes around
// SPDX-License-Identifier: MIT
// An intervention on the embedding of the token alone, which a model with a
// factored embedding never reads.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using word = float;
#else
using word = factored_embedding;
#endif

struct louder {
  void operator()(site::tok_embed, view<float, 2>& x) const { x *= 2.0F; }
};

double use(batch const& rows) {
  transformer<shape{}, softmax, word> net;
  return net.evaluate(rows, louder{}).loss;
}
