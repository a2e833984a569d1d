// SPDX-License-Identifier: MIT
// What the pictures of a single sequence need, as a probe.
#pragma once

#include "demo/runs.hpp"
#include "dormant/concepts.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <vector>

namespace demo {

/// A probe that keeps what it hears of one sequence of a batch.
struct one_sequence {
  std::size_t index = 0; ///< which
  shown_sequence seen{};

  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
    if (at.sequence.index != index || at.layer != reading_layer) return;
    seen.attention.assign(pattern.begin(), pattern.end());
    seen.tokens.assign(at.sequence.inputs.begin(), at.sequence.inputs.end());
    for (std::size_t t = 0; t < at.sequence.length(); ++t) {
      seen.trigger.push_back(at.sequence.trigger(t));
    }
  }
  void operator()(dm::site::value_out at, dm::view<float const, 3> const& values) {
    if (at.sequence.index != index || at.layer != reading_layer) return;
    seen.value_norms = norms(values.shape(1), values.shape(2),
                             [&](std::size_t t, std::size_t c) { return values(0, t, c); });
  }
  void operator()(dm::site::resid_post at, dm::view<float const, 2> const& residual) {
    if (at.sequence.index != index || at.layer != writing_layer) return;
    seen.residual_norms = norms(residual.shape(0), residual.shape(1),
                                [&](std::size_t t, std::size_t c) { return residual(t, c); });
  }
  [[nodiscard]] one_sequence empty() const { return {.index = index}; }
  void merge(one_sequence const& later) {
    if (!later.seen.tokens.empty()) *this = later;
  }

private:
  template <class Element>
  static std::vector<double> norms(std::size_t rows, std::size_t width, Element element) {
    std::vector<double> out(rows);
    for (std::size_t t = 0; t < rows; ++t) {
      double square = 0;
      for (std::size_t c = 0; c < width; ++c) square += std::pow(double{element(t, c)}, 2);
      out[t] = std::sqrt(square);
    }
    return out;
  }
};
static_assert(dm::observes<one_sequence, dm::site::pattern> &&
              dm::observes<one_sequence, dm::site::value_out> &&
              dm::observes<one_sequence, dm::site::resid_post>);

/// The sequence to show: many different tokens, and many different ones to copy.
inline std::size_t most_varied(dm::batch const& batch) {
  std::size_t best = 0, most = 0;
  for (std::size_t b = 0; b < batch.rows(); ++b) {
    auto const seq = batch.sequence(b);
    std::set<dm::token> tokens, copied;
    for (std::size_t t = 0; t < std::min(tokens_shown, seq.length()); ++t) {
      tokens.insert(seq.inputs[t]);
      if (seq.trigger(t)) copied.insert(seq.laws[t].copied);
    }
    if (auto const variety = tokens.size() + 2 * copied.size(); variety > most) {
      most = variety;
      best = b;
    }
  }
  return best;
}

} // namespace demo
