// SPDX-License-Identifier: MIT
// Value-state drain: ||W_O v_0|| against the mean of ||W_O v_j||, j > 0 (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// Norms of the value states as the residual stream receives them, over heads and sequences.
template <class T>
struct value_drain_of {
  void operator()(site::value_out at, view<T const, 3> const& values) {
    for (std::size_t h = 0; h < values.shape(0); ++h) {
      for (std::size_t t = 0; t < values.shape(1); ++t) {
        layers_[at.layer].add(t, values.shape(2), [&](std::size_t c) { return values(h, t, c); });
      }
    }
  }
  void merge(value_drain_of const& later) { layers_ += later.layers_; }

  [[nodiscard]] double bos(std::size_t layer = 0) const { return layers_.at(layer).bos.mean(); }
  [[nodiscard]] double other(std::size_t layer = 0) const { return layers_.at(layer).other.mean(); }
  /// Below one is a drain.
  [[nodiscard]] double ratio(std::size_t layer = 0) const { return layers_.at(layer).ratio(); }
  [[nodiscard]] std::size_t layers() const { return layers_.size(); }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < layers(); ++l) {
      row.add("value_norm_bos", l, bos(l));
      row.add("value_norm_other", l, other(l));
    }
  }

private:
  per_layer<bos_norms> layers_;
};
using value_drain = value_drain_of<float>;

} // namespace dormant
