// SPDX-License-Identifier: MIT
// Sink logit gap: s[q, <s>] - mean over the other keys j < q of s[q, j], averaged per query token,
// then over tokens; its 10% and 90% quantiles show "logit concentration" (arXiv 2410.13835,
// section 4).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"
#include "dormant/statistics.hpp"

#include <cstddef>
#include <vector>

namespace dormant {

/// How far the score of `<s>` (the mean of all `<s>`, where there are several) stands above the
/// other visible keys'. Trigger queries are left out by default: there the head is active.
template <class T>
class sink_logit_gap_of {
public:
  sink_logit_gap_of() = default;
  /// \param with_triggers whether trigger queries count as well
  explicit sink_logit_gap_of(bool with_triggers) : with_triggers_(with_triggers) {}
  [[nodiscard]] sink_logit_gap_of empty() const { return sink_logit_gap_of(with_triggers_); }

  void operator()(site::scores at, view<T const, 3> const& scores) {
    auto const& seq = at.sequence;
    for (std::size_t h = 0; h < scores.shape(0); ++h) {
      auto& tokens = seen_[at.layer][h];
      for (std::size_t q = seq.first_with_choice(); q < scores.shape(1); ++q) {
        if (!with_triggers_ && seq.trigger(q)) continue;
        double sum = 0, at_sinks = 0, sinks = 0;
        for (std::size_t j = 0; j < q; ++j) {
          double const score = static_cast<double>(scores(h, q, j));
          bool const sink = seq.sink(j);
          (sink ? at_sinks : sum) += score;
          if (sink) sinks += 1;
        }
        tokens.add(static_cast<std::size_t>(seq.inputs[q]),
                   at_sinks / sinks - sum / (static_cast<double>(q) - sinks));
      }
    }
  }
  void merge(sink_logit_gap_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_, with_triggers_); }

  /// Mean over the tokens that were met, over all heads or in one; NaN if none.
  [[nodiscard]] double mean(std::size_t layer = 0, std::size_t head = all_heads) const {
    running_mean over_tokens;
    for (double const gap : of_tokens(layer, head)) over_tokens.add(gap);
    return over_tokens.mean();
  }
  /// Quantile over tokens, NaN if none; `quantile(0, 0.1)` and `quantile(0, 0.9)`.
  [[nodiscard]] double quantile(std::size_t layer, double share,
                                std::size_t head = all_heads) const {
    return dormant::quantile(of_tokens(layer, head), share);
  }
  /// Where that token asks; NaN if it was not met.
  [[nodiscard]] double of_token(std::size_t layer, token id, std::size_t head = all_heads) const {
    auto const known = seen_.of(layer, head).gaps;
    auto const place = static_cast<std::size_t>(id);
    return place < known.size() ? known[place].mean() : running_mean{}.mean();
  }
  [[nodiscard]] std::size_t layers() const { return seen_.size(); }
  void report(probe_row& row) const {
    seen_.each([&](std::size_t l, std::size_t h) {
      row.add("sink_logit_gap.mean", l, mean(l, h), h);
      row.add("sink_logit_gap.p10", l, quantile(l, 0.1, h), h);
      row.add("sink_logit_gap.p90", l, quantile(l, 0.9, h), h);
    });
  }

private:
  struct by_token {
    std::vector<running_mean> gaps; // [V]
    void state(auto&& f) { f(gaps); }
    void add(std::size_t id, double gap) {
      if (id >= gaps.size()) gaps.resize(id + 1);
      gaps[id].add(gap);
    }
    by_token& operator+=(by_token const& o) {
      if (o.gaps.size() > gaps.size()) gaps.resize(o.gaps.size());
      for (std::size_t v = 0; v < o.gaps.size(); ++v) gaps[v] += o.gaps[v];
      return *this;
    }
  };
  [[nodiscard]] std::vector<double> of_tokens(std::size_t layer, std::size_t head) const {
    std::vector<double> means;
    for (auto const& gap : seen_.of(layer, head).gaps) {
      if (gap.count > 0) means.push_back(gap.mean());
    }
    return means;
  }

  per_head<by_token> seen_;
  bool with_triggers_ = false;
};
using sink_logit_gap = sink_logit_gap_of<float>;

} // namespace dormant
