// expect: the minimal model has one layer with one head
// SPDX-License-Identifier: MIT
// A reading in the coordinates of the minimal model, of a model with more layers.
#include "dormant/dormant.hpp"
#include "dormant/theory/reading.hpp"

using namespace dormant;

#ifdef TWIN
constexpr std::size_t layers = 1;
#else
constexpr std::size_t layers = 2;
#endif

double use(batch const& rows) {
  transformer<shape{.layers = layers}, softmax> net;
  theory::reading read;
  return net.evaluate(rows, read).loss;
}
