// SPDX-License-Identifier: MIT
// The attention on all positions where the residual stream spikes, not on `<s>` alone: whether a
// sink that is gone was lost, or stands elsewhere now.
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"
#include "dormant/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace dormant {

/// A position spikes in a layer if the norm of what the layer reads there is more than
/// `over_median` times the median over the positions of the sequence. Weights are taken as they
/// are, of the queries from the first with a choice, as `attention_sink` takes them.
template <class T>
class spike_mass_of {
public:
  spike_mass_of() = default;
  explicit spike_mass_of(double over_median) : over_median_(over_median) {}
  [[nodiscard]] spike_mass_of empty() const { return spike_mass_of(over_median_); }

  void operator()(site::resid_pre at, view<T const, 2> const& x) {
    std::size_t const length = x.shape(0);
    norms_.resize(length);
    for (std::size_t t = 0; t < length; ++t) {
      norms_[t] = detail::euclidean(x.shape(1), [&](std::size_t c) { return x(t, c); });
    }
    // Of norms that are no numbers nobody knows the median, nor which of them spike.
    known_ = std::none_of(norms_.begin(), norms_.end(), [](double n) { return std::isnan(n); });
    double const most = known_ ? over_median_ * median(norms_) : 0;
    double count = 0;
    spikes_.resize(length);
    for (std::size_t t = 0; t < length; ++t) {
      spikes_[t] = norms_[t] > most;
      count += spikes_[t] != 0 ? 1 : 0;
    }
    positions_[at.layer].add(known_ ? count : std::numeric_limits<double>::quiet_NaN());
  }
  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    auto const& seq = at.sequence;
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      auto& seen = seen_[at.layer][h];
      for (std::size_t q = seq.first_with_choice(); q < pattern.shape(1); ++q) {
        double all = known_ ? 0 : std::numeric_limits<double>::quiet_NaN(), elsewhere = all;
        for (std::size_t k = 0; k <= q; ++k) {
          if (spikes_[k] == 0) continue;
          auto const weight = static_cast<double>(pattern(h, q, k));
          all += weight;
          if (!seq.sink(k)) elsewhere += weight;
        }
        seen.all.add(all);
        seen.elsewhere.add(elsewhere);
      }
    }
  }
  void merge(spike_mass_of const& later) {
    positions_ += later.positions_;
    seen_ += later.seen_;
  }
  void state(auto&& f) { f(positions_, seen_, over_median_); }

  /// How many positions of a sequence spike, the mean over sequences.
  [[nodiscard]] double positions(std::size_t layer = 0) const {
    return positions_.at(layer).mean();
  }
  /// Attention on all of them together, the mean over queries and sequences.
  [[nodiscard]] double mean(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).all.mean();
  }
  /// The same on those that are no `<s>`.
  [[nodiscard]] double elsewhere(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).elsewhere.mean();
  }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < positions_.size(); ++l) {
      row.add("spike_mass.positions", l, positions(l));
    }
    seen_.each([&](std::size_t l, std::size_t h) {
      row.add("spike_mass.mean", l, mean(l, h), h);
      row.add("spike_mass.elsewhere", l, elsewhere(l, h), h);
    });
  }

private:
  struct masses {
    running_mean all, elsewhere;
    masses& operator+=(masses const& o) {
      all += o.all;
      elsewhere += o.elsewhere;
      return *this;
    }
  };

  per_layer<running_mean> positions_;
  per_head<masses> seen_;
  double over_median_ = 3;
  // Of the sequence and layer under way.
  std::vector<double> norms_;
  std::vector<char> spikes_; // [T]
  bool known_ = true;
};
using spike_mass = spike_mass_of<float>;

} // namespace dormant
