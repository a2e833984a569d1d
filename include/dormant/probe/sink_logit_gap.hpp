// SPDX-License-Identifier: MIT
// Sink logit gap: s[q, 0] - mean_{1 <= j < q} s[q, j], averaged per query token, then over tokens;
// its 10% and 90% quantiles show "logit concentration" (arXiv 2410.13835, section 4).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"
#include "dormant/statistics.hpp"

#include <cstddef>
#include <vector>

namespace dormant {

/// How far the score of `<s>` stands above the other visible keys'. Trigger queries are left out by
/// default: there the head is active.
template <class T>
class sink_logit_gap_of {
public:
  sink_logit_gap_of() = default;
  /// \param with_triggers whether trigger queries count as well
  explicit sink_logit_gap_of(bool with_triggers) : with_triggers_(with_triggers) {}
  [[nodiscard]] sink_logit_gap_of empty() const { return sink_logit_gap_of(with_triggers_); }

  void operator()(site::scores at, view<T const, 3> const& scores) {
    auto& tokens = layers_[at.layer];
    for (std::size_t h = 0; h < scores.shape(0); ++h) {
      for (std::size_t q = 2; q < scores.shape(1); ++q) {
        if (!with_triggers_ && at.sequence.trigger(q)) continue;
        double sum = 0;
        for (std::size_t j = 1; j < q; ++j) sum += static_cast<double>(scores(h, q, j));
        double const gap = static_cast<double>(scores(h, q, 0)) - sum / static_cast<double>(q - 1);
        tokens.add(static_cast<std::size_t>(at.sequence.inputs[q]), gap);
      }
    }
  }
  void merge(sink_logit_gap_of const& later) { layers_ += later.layers_; }

  /// Mean over the tokens that were met; NaN if none.
  [[nodiscard]] double mean(std::size_t layer = 0) const {
    mean_of over_tokens;
    for (double const gap : of_tokens(layer)) over_tokens.add(gap);
    return over_tokens.mean();
  }
  /// Quantile over tokens, NaN if none; `quantile(0, 0.1)` and `quantile(0, 0.9)`.
  [[nodiscard]] double quantile(std::size_t layer, double share) const {
    return dormant::quantile(of_tokens(layer), share);
  }
  /// Where that token asks; NaN if it was not met.
  [[nodiscard]] double of_token(std::size_t layer, token id) const {
    auto const known = layers_.at(layer).gaps;
    auto const place = static_cast<std::size_t>(id);
    return place < known.size() ? known[place].mean() : mean_of{}.mean();
  }
  [[nodiscard]] std::size_t layers() const { return layers_.size(); }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < layers(); ++l) {
      row.add("sink_logit_gap", l, mean(l));
      row.add("sink_logit_gap_p10", l, quantile(l, 0.1));
      row.add("sink_logit_gap_p90", l, quantile(l, 0.9));
    }
  }

private:
  struct by_token {
    std::vector<mean_of> gaps; // [V]
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
  [[nodiscard]] std::vector<double> of_tokens(std::size_t layer) const {
    std::vector<double> means;
    for (auto const& gap : layers_.at(layer).gaps) {
      if (gap.count > 0) means.push_back(gap.mean());
    }
    return means;
  }

  per_layer<by_token> layers_;
  bool with_triggers_ = false;
};
using sink_logit_gap = sink_logit_gap_of<float>;

} // namespace dormant
