// SPDX-License-Identifier: MIT
// Whether the runs show what the paper says: medians over seeds, and comparisons at the same seed
// (arXiv 2410.13835, sections 2 and 4). Nothing here is decided before the runs are.
#pragma once

#include "common/outcome.hpp"
#include "demo/runs.hpp"
#include "dormant/statistics.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace demo {

/// The median of the numbers that are numbers; NaN if there is none.
inline double median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  return dormant::median(std::move(values));
}

/// The runs of one seed, by story.
struct paired {
  std::uint64_t seed = 0;
  std::vector<run const*> by_story;

  [[nodiscard]] run const& operator[](std::size_t story) const { return *by_story[story]; }
  [[nodiscard]] double after(std::size_t story, std::string_view column) const {
    return by_story[story]->after[column];
  }
};

inline std::vector<paired> pairs_of(std::vector<run> const& runs) {
  std::vector<paired> pairs(runs.size() / stories.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    pairs[i / stories.size()].seed = runs[i].seed;
    pairs[i / stories.size()].by_story.push_back(&runs[i]);
  }
  return pairs;
}

/// The median over seeds of a number that each seed has.
template <class F>
double over_seeds(std::vector<paired> const& pairs, F number) {
  std::vector<double> values;
  for (auto const& p : pairs) values.push_back(number(p));
  return median(values);
}
inline double median_after(std::vector<paired> const& pairs, std::size_t story,
                           std::string_view column) {
  return over_seeds(pairs, [&](paired const& p) { return p.after(story, column); });
}

using program::outcome;
using program::to_words;

struct verdict {
  /// One number that the verdict rests on.
  struct number {
    std::string value;
    std::string_view of;    ///< the story, or what it counts
    std::string_view style; ///< of the page: a story's colour, or none
  };
  std::string name;             ///< "Attention sink"
  std::string claim;            ///< what the paper says
  std::string criterion;        ///< what a seed has to show, thresholds included
  std::string measured;         ///< what the numbers are
  std::vector<number> medians;  ///< over seeds
  std::vector<bool> seed_shows; ///< the criterion, in the order of the seeds

  [[nodiscard]] program::verdict judged() const { return program::judged(seed_shows); }
  [[nodiscard]] outcome result() const { return judged().is; }
  /// How many seeds, and their rate with its interval.
  [[nodiscard]] std::string seeds() const {
    auto const v = judged();
    return fmt::format("{}, rate {}", program::seeds_in_words(v), program::rate_in_words(v));
  }
};

// ---- what one seed has to show ----------------------------------------------------------------

inline constexpr double sink_from = 0.3;    ///< of non-triggers' attention (arXiv 2410.10781)
inline constexpr double no_sink_to = 0.05;  ///< attention on <s> that is none
inline constexpr double drain_to = 0.5;     ///< value norm of <s> against the others'
inline constexpr double drain_factor = 1.5; ///< by how much ReLU's has to be larger
inline constexpr double peak_from = 1.2;    ///< residual norm of <s> against the others'
inline constexpr double peak_margin = 0.05; ///< by how much that has to exceed the other stories'
inline constexpr double dormant_to = 0.05;  ///< nats of bigram risk that removing the head may cost
inline constexpr double active_from = 1;    ///< nats of backcopy risk that it has to cost

inline bool shows_sink(paired const& p) {
  return p.after(softmax_adamw, measured::sink) >= sink_from &&
         p.after(softmax_sgd, measured::sink) >= sink_from &&
         p.after(relu_adamw, measured::sink) <= no_sink_to;
}
inline bool shows_drain(paired const& p) {
  double const drained = p.after(softmax_adamw, measured::drain);
  return drained <= drain_to && p.after(softmax_sgd, measured::drain) <= drain_to &&
         p.after(relu_adamw, measured::drain) >= drain_factor * drained;
}
inline bool shows_peak(paired const& p) {
  double const peak = p.after(softmax_adamw, measured::peak);
  return peak >= peak_from && peak >= p.after(relu_adamw, measured::peak) + peak_margin &&
         peak >= p.after(softmax_sgd, measured::peak) + peak_margin;
}
/// What removing the head does to a risk under softmax + AdamW.
inline double cost_of_removal(paired const& p, std::string_view column) {
  auto const& r = p[softmax_adamw];
  return r.without_head[column] - r.after[column];
}
inline bool shows_active_dormant(paired const& p) {
  return std::abs(cost_of_removal(p, measured::bigram)) <= dormant_to &&
         cost_of_removal(p, measured::backcopy) >= active_from;
}

} // namespace demo
