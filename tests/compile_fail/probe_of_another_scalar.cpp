// expect: this hook hears no site.*T is the model.s scalar
// SPDX-License-Identifier: MIT
// A probe for float on a model in double.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using sink = attention_sink_of<double>;
#else
using sink = attention_sink;
#endif

double use(batch const& rows) {
  transformer<shape{}, softmax, double> net;
  sink hook;
  return net.evaluate(rows, hook).loss;
}
