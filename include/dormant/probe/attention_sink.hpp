// SPDX-License-Identifier: MIT
// Attention on `<s>`: the mean of A[q, 0] over queries q >= 2 (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// How much attention position 0 collects. The first two queries are left out: query 0 can only
/// look at itself, without bound under ReLU attention, and query 1 has nowhere else to look.
template <class T>
struct attention_sink_of {
  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      for (std::size_t q = first_query; q < pattern.shape(1); ++q) {
        double const weight = static_cast<double>(pattern(h, q, 0));
        layers_[at.layer].all.add(weight);
        (at.sequence.trigger(q) ? layers_[at.layer].trigger : layers_[at.layer].background)
            .add(weight);
      }
    }
  }
  void merge(attention_sink_of const& later) { layers_ += later.layers_; }

  /// Mean over sequences, heads and queries; NaN for a layer without attention.
  [[nodiscard]] double mean(std::size_t layer = 0) const { return layers_.at(layer).all.mean(); }
  /// The same over trigger queries only, where an active-dormant head is active.
  [[nodiscard]] double on_triggers(std::size_t layer = 0) const {
    return layers_.at(layer).trigger.mean();
  }
  /// The same over the other queries, where it is dormant: what the paper's curves show, which rise
  /// above the share of these queries.
  [[nodiscard]] double on_background(std::size_t layer = 0) const {
    return layers_.at(layer).background.mean();
  }
  [[nodiscard]] std::size_t layers() const { return layers_.size(); }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < layers(); ++l) {
      row.add("attention_on_bos", l, mean(l));
      row.add("attention_on_bos_from_non_triggers", l, on_background(l));
    }
  }

private:
  static constexpr std::size_t first_query = 2;
  struct split {
    mean_of all, trigger, background;
    split& operator+=(split const& o) {
      all += o.all;
      trigger += o.trigger;
      background += o.background;
      return *this;
    }
  };
  per_layer<split> layers_;
};
using attention_sink = attention_sink_of<float>;

} // namespace dormant
