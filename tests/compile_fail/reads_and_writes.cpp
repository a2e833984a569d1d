// expect: this hook reads at one site and writes at another
// SPDX-License-Identifier: MIT
// Measuring must not perturb.
#include "dormant/dormant.hpp"

using namespace dormant;

struct meddler {
  void operator()(site::pattern, view<float const, 3> const&) {}
#ifndef TWIN
  void operator()(site::z, view<float, 3>& z) const { z *= 2; }
#endif
  void merge(meddler const&) {}
};

double use(batch const& rows) {
  transformer<shape{}, softmax> net;
  meddler hook;
  return net.evaluate(rows, hook).loss;
}
