// expect: merged_projections pays, and is offered, for one head only
// SPDX-License-Identifier: MIT
// Merged projections, but more heads than one.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
constexpr std::size_t heads = 1;
#else
constexpr std::size_t heads = 2;
#endif

double use(batch const& rows) {
  transformer<shape{.heads = heads}, softmax, merged_projections> net;
  return net.evaluate(rows).loss;
}
