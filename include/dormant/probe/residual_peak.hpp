// SPDX-License-Identifier: MIT
// Residual-state peak: ||x_0|| after a layer against the mean of ||x_t||, t > 0
// (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// Norms of the residual stream as each layer leaves it, over sequences.
template <class T>
struct residual_peak_of {
  void operator()(site::resid_post at, view<T const, 2> const& residual) {
    for (std::size_t t = 0; t < residual.shape(0); ++t) {
      layers_[at.layer].add(t, residual.shape(1), [&](std::size_t c) { return residual(t, c); });
    }
  }
  void merge(residual_peak_of const& later) { layers_ += later.layers_; }

  [[nodiscard]] double bos(std::size_t layer = 0) const { return layers_.at(layer).bos.mean(); }
  [[nodiscard]] double other(std::size_t layer = 0) const { return layers_.at(layer).other.mean(); }
  /// Above one is a peak.
  [[nodiscard]] double ratio(std::size_t layer = 0) const { return layers_.at(layer).ratio(); }
  [[nodiscard]] std::size_t layers() const { return layers_.size(); }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < layers(); ++l) {
      row.add("residual_norm_bos", l, bos(l));
      row.add("residual_norm_other", l, other(l));
    }
  }

private:
  per_layer<bos_norms> layers_;
};
using residual_peak = residual_peak_of<float>;

} // namespace dormant
