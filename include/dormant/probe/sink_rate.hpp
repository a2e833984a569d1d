// SPDX-License-Identifier: MIT
// Sink rate (arXiv 2410.10781): the share of (sequence, layer, head) in which key 0
// collects more than 0.3 of the attention, a_0 > 0.3 with a_0 the mean over all queries i
// of |A[i, 0]| / sum_n |A[i, n]|.
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// Each sequence is held against the threshold before anything is averaged; the order matters.
/// Rows are made to sum to one, so that rules can be compared; one of zeros gives key 0
/// nothing. Query 0, which sees nothing else, counts, as it does in the source (which has a
/// context of 64): its weight is 1 / T.
template <class T>
class sink_rate_of {
public:
  sink_rate_of() = default;
  explicit sink_rate_of(double threshold) : threshold_(threshold) {}
  [[nodiscard]] sink_rate_of empty() const { return sink_rate_of(threshold_); }

  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      running_mean on_first;
      for (std::size_t q = 0; q < pattern.shape(1); ++q) {
        double sum = 0;
        for (std::size_t k = 0; k <= q; ++k) sum += std::abs(static_cast<double>(pattern(h, q, k)));
        on_first.add(sum == 0 ? 0 : std::abs(static_cast<double>(pattern(h, q, 0))) / sum);
      }
      double const a = on_first.mean();
      // A comparison would take a NaN for no sink.
      seen_[at.layer][h].add(std::isnan(a) ? a : a > threshold_ ? 1 : 0);
    }
  }
  void merge(sink_rate_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_, threshold_); }

  /// Over sequences and the heads of a layer, or one of them; NaN for a layer without attention.
  [[nodiscard]] double rate(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).mean();
  }
  /// Over sequences, layers and heads: the sink rate of a model.
  [[nodiscard]] double over_layers() const {
    running_mean all;
    for (std::size_t l = 0; l < layers(); ++l) all += seen_.of(l, all_heads);
    return all.mean();
  }
  [[nodiscard]] std::size_t layers() const { return seen_.size(); }
  void report(probe_row& row) const {
    row.add("sink_rate.over_layers", over_layers());
    seen_.each([&](std::size_t l, std::size_t h) { row.add("sink_rate.rate", l, rate(l, h), h); });
  }

private:
  per_head<running_mean> seen_;
  double threshold_ = 0.3;
};
using sink_rate = sink_rate_of<float>;

} // namespace dormant
