// SPDX-License-Identifier: MIT
// Value-state drain: ||W_O v_j|| at `<s>` against the mean over the other positions
// (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// Norms of the value states as the residual stream receives them, over heads and
/// sequences. A ratio below one is a drain.
template <class T>
struct value_drain_of : bos_norm_probe {
  void operator()(site::value_out at, view<T const, 3> const& values) {
    for (std::size_t h = 0; h < values.shape(0); ++h) {
      for (std::size_t t = 0; t < values.shape(1); ++t) {
        norms_[at.layer][h].add(at.sequence.sink(t), values.shape(2),
                                [&](std::size_t c) { return values(h, t, c); });
      }
    }
  }
  void merge(value_drain_of const& later) { norms_ += later.norms_; }
  void report(probe_row& row) const { report_as("value_drain", row); }
};
using value_drain = value_drain_of<float>;

} // namespace dormant
