// expect: this hook hears no site: it is neither a probe
// SPDX-License-Identifier: MIT
// A misspelt signature: no site calls it with an int.
#include "dormant/dormant.hpp"

using namespace dormant;

struct deaf {
#ifdef TWIN
  void operator()(site::pattern, view<float const, 3> const&) {}
#else
  void operator()(site::pattern, int) {}
#endif
  void merge(deaf const&) {}
};

double use(batch const& rows) {
  transformer<shape{}, softmax> net;
  deaf hook;
  return net.evaluate(rows, hook).loss;
}
