// SPDX-License-Identifier: MIT
// Secondary sinks (arXiv 2512.22213): positions j > 0 whose residual state
// points where that of `<s>` does,
// |cos(h_j, h_0)| > 0.9, and the attention that they collect.
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace dormant {

/// h is the stream as the layer reads it, where its queries and keys come from. Every further `<s>`
/// is a sink by itself, and no secondary one. A state of zeros points nowhere. `key_mass` finds
/// sinks by attention alone, wherever they point.
template <class T>
class secondary_sinks_of {
public:
  secondary_sinks_of() = default;
  explicit secondary_sinks_of(double least_cosine) : least_cosine_(least_cosine) {}
  [[nodiscard]] secondary_sinks_of empty() const { return secondary_sinks_of(least_cosine_); }

  void operator()(site::resid_pre at, view<T const, 2> const& x) {
    std::size_t const length = x.shape(0), width = x.shape(1);
    auto const norm = [&](std::size_t t) {
      return detail::euclidean(width, [&](std::size_t c) { return x(t, c); });
    };
    double const first = norm(0);
    double count = 0;
    alike_.assign(length, 0);
    for (std::size_t t = 1; t < length; ++t) {
      if (at.sequence.sink(t)) continue;
      double product = 0;
      for (std::size_t c = 0; c < width; ++c) {
        product += static_cast<double>(x(0, c)) * static_cast<double>(x(t, c));
      }
      double const sizes = first * norm(t);
      double const cosine = sizes == 0 ? 0 : std::abs(product) / sizes;
      alike_[t] = cosine > least_cosine_;
      // A comparison would take a NaN for no sink.
      count += std::isnan(cosine) ? cosine : alike_[t] != 0 ? 1 : 0;
    }
    count_ = count;
    positions_[at.layer].add(count);
  }
  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      for (std::size_t q = at.sequence.first_with_choice(); q < pattern.shape(1); ++q) {
        double mass = std::isnan(count_) ? count_ : 0;
        // A query's own state says nothing of what others look at.
        for (std::size_t k = 1; k < q; ++k) {
          if (alike_[k] != 0) mass += static_cast<double>(pattern(h, q, k));
        }
        mass_[at.layer][h].add(mass);
      }
    }
  }
  void merge(secondary_sinks_of const& later) {
    positions_ += later.positions_;
    mass_ += later.mass_;
  }
  void state(auto&& f) { f(positions_, mass_, least_cosine_); }

  /// How many there are in a sequence, the mean over sequences.
  [[nodiscard]] double positions(std::size_t layer = 0) const {
    return positions_.at(layer).mean();
  }
  /// Attention on all of them before the query together, the mean over the
  /// queries from the first with a choice.
  [[nodiscard]] double mass(std::size_t layer = 0, std::size_t head = all_heads) const {
    return mass_.of(layer, head).mean();
  }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < positions_.size(); ++l) {
      row.add("secondary_sinks.positions", l, positions(l));
    }
    mass_.each(
        [&](std::size_t l, std::size_t h) { row.add("secondary_sinks.mass", l, mass(l, h), h); });
  }

private:
  per_layer<running_mean> positions_;
  per_head<running_mean> mass_;
  double least_cosine_ = 0.9;
  // Of the sequence and layer under way.
  std::vector<char> alike_; // [T]
  double count_ = 0;
};
using secondary_sinks = secondary_sinks_of<float>;

} // namespace dormant
