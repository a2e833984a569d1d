// expect: after the shape come an attention rule or a stack of blocks
// SPDX-License-Identifier: MIT
// A word that is no part of a model.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using word = no_mlp;
#else
using word = adamw;
#endif

double use(batch const& rows) {
  transformer<shape{}, softmax, word> net;
  return net.evaluate(rows).loss;
}
