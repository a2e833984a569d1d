// SPDX-License-Identifier: MIT
// The attention that each key collects: m(h, k), the mean of A[q, k] over the queries q >= k that
// see it (arXiv 2410.13835, section 3, whose top-1 and top-2 mass are the largest of them).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dormant {

/// By position, over sequences; and of the largest in each sequence, wherever they
/// stand. Where no bias of position is, a key's mass falls as 1 / position, so that a
/// sink is what stands far above it.
template <class T>
class key_mass_of {
public:
  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    std::size_t const length = pattern.shape(1);
    std::vector<double> mass(length);
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      std::fill(mass.begin(), mass.end(), 0.0);
      for (std::size_t q = 0; q < length; ++q) {
        for (std::size_t k = 0; k <= q; ++k) mass[k] += static_cast<double>(pattern(h, q, k));
      }
      auto& seen = seen_[at.layer][h];
      if (seen.at.size() < length) seen.at.resize(length);
      for (std::size_t k = 0; k < length; ++k) {
        mass[k] /= static_cast<double>(length - k);
        seen.at[k].add(mass[k]);
      }
      // The last key is seen by one query alone, which says little.
      if (length > 1) mass.pop_back();
      auto const first = std::max_element(mass.begin(), mass.end());
      seen.largest.add(*first);
      *first = 0;
      seen.second.add(*std::max_element(mass.begin(), mass.end()));
      mass.resize(length);
    }
  }
  void merge(key_mass_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Of the key at a position; NaN if no sequence was so long.
  [[nodiscard]] double at(std::size_t position, std::size_t layer, std::size_t head) const {
    auto const seen = seen_.of(layer, head);
    return position < seen.at.size() ? seen.at[position].mean() : running_mean{}.mean();
  }
  [[nodiscard]] std::size_t positions(std::size_t layer, std::size_t head) const {
    return seen_.of(layer, head).at.size();
  }
  /// Mean over sequences of the largest and of the second largest mass.
  [[nodiscard]] double largest(std::size_t layer, std::size_t head = all_heads) const {
    return seen_.of(layer, head).largest.mean();
  }
  [[nodiscard]] double second(std::size_t layer, std::size_t head = all_heads) const {
    return seen_.of(layer, head).second.mean();
  }
  void report(probe_row& row) const {
    seen_.each([&](std::size_t l, std::size_t h) {
      row.add("key_mass.largest", l, largest(l, h), h);
      row.add("key_mass.second", l, second(l, h), h);
    });
  }

private:
  struct masses {
    std::vector<running_mean> at; // [T key]
    running_mean largest, second;
    void state(auto&& f) { f(at, largest, second); }
    masses& operator+=(masses const& o) {
      if (o.at.size() > at.size()) at.resize(o.at.size());
      for (std::size_t k = 0; k < o.at.size(); ++k) at[k] += o.at[k];
      largest += o.largest;
      second += o.second;
      return *this;
    }
  };
  per_head<masses> seen_;
};
using key_mass = key_mass_of<float>;

} // namespace dormant
