// SPDX-License-Identifier: MIT
// How far the sink logits of the tokens spread, in units of their mean: the published run's, to
// compare with at an equal mean, which asks for no common clock.
#pragma once

#include "common/published.hpp"

#include <cstddef>
#include <limits>
#include <vector>

namespace paper {

/// Sink logit gaps of the published one-layer run; (90% - 10% quantile over tokens) / mean.
struct published_concentration {
  std::vector<double> steps{};
  std::vector<double> means{};
  std::vector<double> relative_spreads{}; ///< NaN before there is a sink: mean below 0.5

  /// At the first step at which the mean is as large, between two of them in proportion; NaN if it
  /// never is, or if there is no sink yet.
  [[nodiscard]] double at_mean(double mean) const {
    for (std::size_t i = 1; i < means.size(); ++i) {
      if (means[i] < mean) continue;
      double const share = (mean - means[i - 1]) / (means[i] - means[i - 1]);
      if (!(share >= 0)) break; // already at the start, or no number
      return relative_spreads[i - 1] + share * (relative_spreads[i] - relative_spreads[i - 1]);
    }
    return std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] double at_step(double step) const {
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (steps[i] == step) return relative_spreads[i];
    return std::numeric_limits<double>::quiet_NaN();
  }
};

/// Before there is a sink the mean is about zero, and a share of it says nothing.
inline double relative_spread(double p10, double p90, double mean) {
  return mean > 0.5 ? (p90 - p10) / mean : std::numeric_limits<double>::quiet_NaN();
}

inline published_concentration concentration_as_published() {
  auto const mean = published::over_training("one layer", "sink_logit_gap.mean.0");
  auto const low = published::over_training("one layer", "sink_logit_gap.p10.0");
  auto const high = published::over_training("one layer", "sink_logit_gap.p90.0");
  published_concentration out{.steps = mean.steps, .means = mean.values};
  for (std::size_t i = 0; i < mean.steps.size(); ++i)
    out.relative_spreads.push_back(relative_spread(low.values[i], high.values[i], mean.values[i]));
  return out;
}

} // namespace paper
