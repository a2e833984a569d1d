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
    for (std::size_t t = seq.scored_from(); t < seq.length(); ++t) {
      std::span<T const> const row(&logits(t, 0), vocab);
      double const risk = law_cross_entropy<T>(row, seq.laws[t], *seq.table);
      if (seq.laws[t].trigger) {
        backcopy_.add(risk);
        continue;
      }
      bigram_.add(risk);
      bool const scored_by_unigrams = t == 0 && seq.table->unigram_row >= 0;
      published_.add(scored_by_unigrams
                         ? law_cross_entropy<T>(row, {.row = seq.table->unigram_row}, *seq.table)
                         : risk);
    }
  }
  void merge(risk_of const& later) {
    bigram_ += later.bigram_;
    published_ += later.published_;
    backcopy_ += later.backcopy_;
  }
  void state(auto&& f) { f(bigram_, published_, backcopy_); }

  [[nodiscard]] double bigram() const { return bigram_.mean(); }
  /// The bigram risk as the authors' probe computes it: position 0 is scored with the plain unigram
  /// law, though no trigger can follow it.
  [[nodiscard]] double bigram_as_published() const { return published_.mean(); }
  [[nodiscard]] double backcopy() const { return backcopy_.mean(); }
  void report(probe_row& row) const {
    row.add("risk.bigram", bigram());
    row.add("risk.bigram_as_published", bigram_as_published());
    row.add("risk.backcopy", backcopy());
  }

private:
  running_mean bigram_;
  running_mean published_;
  running_mean backcopy_;
};
using risk = risk_of<float>;

} // namespace dormant
