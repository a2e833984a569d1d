// expect: factored_embedding does not go with registers
// SPDX-License-Identifier: MIT
// Rows of registers are in neither of the two tables that the first
// layer's projections are made of.
#include "dormant/dormant.hpp"
#include "dormant/part/registers.hpp"

using namespace dormant;

constexpr shape small{.width = 16, .vocab = 67, .context = 8};
#ifdef TWIN
using net_type = transformer<small, softmax, registers<2>>;
#else
using net_type = transformer<small, softmax, registers<2>, factored_embedding>;
#endif

double use(batch const& rows) {
  net_type net;
  return net.evaluate(rows).loss;
}
