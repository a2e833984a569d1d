// SPDX-License-Identifier: MIT
// The mean cross-entropy of each sequence of a batch, for statistics over sequences.
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace dormant {

/// Over the positions whose next token is known, nats.
template <class T>
class sequence_loss_of {
public:
  void operator()(site::logits at, view<T const, 2> const& logits) {
    auto const& targets = at.sequence.targets;
    std::size_t const vocab = logits.shape(1);
    for (std::size_t t = at.sequence.scored_from(); t < targets.size(); ++t) {
      double largest = static_cast<double>(logits(t, 0));
      for (std::size_t v = 1; v < vocab; ++v) {
        largest = std::max(largest, static_cast<double>(logits(t, v)));
      }
      double sum = 0;
      for (std::size_t v = 0; v < vocab; ++v) {
        sum += std::exp(static_cast<double>(logits(t, v)) - largest);
      }
      auto const target = static_cast<double>(logits(t, static_cast<std::size_t>(targets[t])));
      seen_[at.sequence.index].add(std::log(sum) + largest - target);
    }
  }
  void merge(sequence_loss_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Of the row of that number; NaN if nothing follows in it.
  [[nodiscard]] double of(std::size_t row) const { return seen_.at(row).mean(); }

private:
  per_layer<running_mean> seen_; // by row, not by layer
};
using sequence_loss = sequence_loss_of<float>;

} // namespace dormant
