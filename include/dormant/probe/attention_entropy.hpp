// SPDX-License-Identifier: MIT
// How spread attention is: row entropy -sum p ln p / ln(q + 1) of each query, 0 for a
// point and 1 for all keys alike.
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// Mean over the queries that have a choice, by head. Rows need not sum to
/// one: they are taken as they are.
template <class T>
class attention_entropy_of {
public:
  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      for (std::size_t q = 1; q < pattern.shape(1); ++q) {
        double sum = 0;
        for (std::size_t k = 0; k <= q; ++k) {
          auto const p = static_cast<double>(pattern(h, q, k));
          if (p > 0) sum -= p * std::log(p);
        }
        seen_[at.layer][h].add(sum / std::log(static_cast<double>(q + 1)));
      }
    }
  }
  void merge(attention_entropy_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  [[nodiscard]] double mean(std::size_t layer, std::size_t head = all_heads) const {
    return seen_.of(layer, head).mean();
  }
  void report(probe_row& row) const {
    seen_.each(
        [&](std::size_t l, std::size_t h) { row.add("attention_entropy.mean", l, mean(l, h), h); });
  }

private:
  per_head<running_mean> seen_;
};
using attention_entropy = attention_entropy_of<float>;

} // namespace dormant
