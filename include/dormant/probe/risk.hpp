// SPDX-License-Identifier: MIT
// Bigram and backcopy risk: cross-entropy against the exact next-token law, split by trigger
// (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"
#include "dormant/task/oracle.hpp"

#include <cstddef>
#include <limits>
#include <span>

namespace dormant {

/// Mean risks in nats. Positions without a known law are left out; a risk without any position is
/// NaN.
template <class T>
struct risk_of {
  void operator()(site::logits at, view<T const, 2> const& logits) {
    auto const& seq = at.sequence;
    if (seq.laws.empty() || seq.table == nullptr) return;
    std::size_t const vocab = logits.shape(1);
    for (std::size_t t = 0; t < seq.length(); ++t) {
      std::span<T const> const row(&logits(t, 0), vocab);
      double const risk = law_cross_entropy<T>(row, seq.laws[t], *seq.table);
      auto& split = seq.laws[t].trigger ? backcopy_ : bigram_;
      split.sum += risk;
      split.count += 1;
    }
  }
  void merge(risk_of const& later) {
    bigram_ += later.bigram_;
    backcopy_ += later.backcopy_;
  }

  [[nodiscard]] double bigram() const { return bigram_.mean(); }
  [[nodiscard]] double backcopy() const { return backcopy_.mean(); }
  void report(probe_row& row) const {
    row.add("bigram_risk", bigram());
    row.add("backcopy_risk", backcopy());
  }

private:
  mean_of bigram_;
  mean_of backcopy_;
};
using risk = risk_of<float>;

} // namespace dormant
