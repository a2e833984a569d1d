// expect: so it must be default constructible .or have empty
// SPDX-License-Identifier: MIT
// A probe that shards of a batch cannot share.
#include "dormant/dormant.hpp"

using namespace dormant;

struct largest_logit {
  void operator()(site::logits, view<float const, 2> const& logits) {
    for (float const x : logits) largest = x > largest ? x : largest;
  }
#ifdef TWIN
  void merge(largest_logit const& later) {
    largest = later.largest > largest ? later.largest : largest;
  }
#endif
  float largest = 0;
};

double use(batch const& rows) {
  transformer<shape{}, softmax> net;
  largest_logit probe;
  return net.evaluate(rows, probe).loss;
}
