// SPDX-License-Identifier: MIT
// About how long each experiment takes, so that `paper` can say it before it begins.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace paper {

inline constexpr std::uint64_t quick_seeds = 5;

/// Rough minutes on two idle cores with AVX-512, at the small scale: five seeds of everything took about
/// eight, here shared out by steps and batch.
struct duration {
  std::string_view name{};
  double by_default = 0; ///< with the seeds of its own
  double quick = 0;      ///< with `quick_seeds`
};

/// Each of `experiments`.
inline constexpr std::array<duration, 13> durations = {{{"active_dormant", 1.2, 0.2},
                                                        {"interventions", 1.2, 0.2},
                                                        {"training_dynamics", 1.5, 0.3},
                                                        {"published_run", 2, 3},
                                                        {"crossed_seeds", 5, 2.5},
                                                        {"logit_concentration", 3, 0.5},
                                                        {"theory", 3, 0.5},
                                                        {"mutual_reinforcement", 6, 1},
                                                        {"three_layers", 2.5, 0.4},
                                                        {"minimal_structures", 8, 1.3},
                                                        {"adam_growth", 4, 0.7},
                                                        {"mitigations", 6, 1},
                                                        {"task_variations", 8, 1.4}}};

/// \param seeds 0: the experiment's own
[[nodiscard]] constexpr double minutes_of(duration const& d, std::uint64_t seeds) {
  if (seeds == 0) return d.by_default;
  return d.quick * static_cast<double>(seeds) / static_cast<double>(quick_seeds);
}

/// What the help of `paper` says.
[[nodiscard]] std::string durations_in_words();

} // namespace paper
