// SPDX-License-Identifier: MIT
// Excess risk: minus its own minimum (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/task/oracle.hpp"

#include <cstddef>
#include <span>

namespace program {

namespace dm = dormant;

/// How far the logits are from the exact next-token law: risk minus its own minimum, position by
/// position, so that not even the luck of the batch is left in it; nats.
struct excess_risk {
  dm::running_mean bigram, backcopy;

  void operator()(dm::site::logits at, dm::view<float const, 2> const& logits) {
    auto const& seq = at.sequence;
    for (std::size_t t = seq.scored_from(); t < seq.length(); ++t) {
      std::span<float const> const row(&logits(t, 0), logits.shape(1));
      (seq.trigger(t) ? backcopy : bigram)
          .add(dm::law_cross_entropy(row, seq.laws[t], *seq.table) -
               dm::law_entropy(seq.laws[t], *seq.table));
    }
  }
  void merge(excess_risk const& later) {
    bigram += later.bigram;
    backcopy += later.backcopy;
  }
};
static_assert(dm::observes<excess_risk, dm::site::logits>);

} // namespace program
