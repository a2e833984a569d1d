// SPDX-License-Identifier: MIT
// Residual-state peak: ||x_t|| after a layer at `<s>` against the mean over the other positions
// (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// Norms of the residual stream as each layer leaves it, over
/// sequences. A ratio above one is a peak.
template <class T>
struct residual_peak_of : bos_norm_probe {
  void operator()(site::resid_post at, view<T const, 2> const& residual) {
    for (std::size_t t = 0; t < residual.shape(0); ++t) {
      norms_[at.layer][0].add(at.sequence.sink(t), residual.shape(1),
                              [&](std::size_t c) { return residual(t, c); });
    }
  }
  void merge(residual_peak_of const& later) { norms_ += later.norms_; }
  void report(probe_row& row) const { report_as("residual_peak", row); }
};
using residual_peak = residual_peak_of<float>;

} // namespace dormant
