// SPDX-License-Identifier: MIT
// Attention on `<s>`: the mean over queries q of A[q, <s>] (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// How much attention `<s>` collects; all of it together where a sequence begins with several. The
/// first queries are left out, up to the first that could look at another token than `<s>` and
/// itself: query 0 can only look at itself, without bound under ReLU attention.
template <class T>
class attention_sink_of {
public:
  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    auto const& seq = at.sequence;
    auto const first = seq.first_with_choice(), sinks = seq.end_of_sinks();
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      auto& seen = seen_[at.layer][h];
      for (std::size_t q = 0; q < pattern.shape(1); ++q) {
        bool const trigger = seq.trigger(q);
        double weight = static_cast<double>(pattern(h, q, 0));
        if (!trigger) seen.published.add(weight);
        if (q < first) continue;
        for (std::size_t k = 1; k < sinks && k <= q; ++k)
          if (seq.sink(k)) weight += static_cast<double>(pattern(h, q, k));
        seen.all.add(weight);
        (trigger ? seen.trigger : seen.background).add(weight);
      }
    }
  }
  void merge(attention_sink_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Over non-trigger queries, where an active-dormant head is dormant; over sequences and heads,
  /// or one head. NaN for a layer without attention.
  [[nodiscard]] double on_background(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).background.mean();
  }
  /// The same over trigger queries only, where it is active.
  [[nodiscard]] double on_triggers(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).trigger.mean();
  }
  /// The same over all queries.
  [[nodiscard]] double mean(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).all.mean();
  }
  /// As the paper's curves average it: A[q, 0] over non-trigger queries, query 0 included, whose
  /// weight is 1 under softmax.
  [[nodiscard]] double as_published(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).published.mean();
  }
  [[nodiscard]] std::size_t layers() const { return seen_.size(); }
  void report(probe_row& row) const {
    seen_.each([&](std::size_t l, std::size_t h) {
      row.add("attention_sink.on_background", l, on_background(l, h), h);
      row.add("attention_sink.on_triggers", l, on_triggers(l, h), h);
      row.add("attention_sink.mean", l, mean(l, h), h);
      row.add("attention_sink.as_published", l, as_published(l, h), h);
    });
  }

private:
  struct split {
    running_mean all, trigger, background, published;
    split& operator+=(split const& o) {
      all += o.all;
      trigger += o.trigger;
      background += o.background;
      published += o.published;
      return *this;
    }
  };
  per_head<split> seen_;
};
using attention_sink = attention_sink_of<float>;

} // namespace dormant
