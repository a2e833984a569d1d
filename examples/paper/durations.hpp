// SPDX-License-Identifier: MIT
// About how long each experiment takes, so that `paper` can say it before it begins.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace paper {

/// Minutes on two idle cores with AVX-512, at the small scale: measured with `--quick`, and by
/// default where the machine was idle; elsewhere the former, scaled by the number of runs.
struct duration {
  std::string_view name{};
  double by_default = 0;         ///< with the seeds of its own
  double quick = 0;              ///< with `quick_seeds`
  std::uint64_t quick_seeds = 5; ///< fewer where the whole design is long, or has fewer of its own
};

/// Each of `experiments`.
inline constexpr std::array<duration, 13> durations = {{{"active_dormant", 1.8, 0.4},
                                                        {"interventions", 1.8, 0.4},
                                                        {"training_dynamics", 2.1, 0.5},
                                                        {"published_run", 1.8, 1.8, 3},
                                                        {"crossed_seeds", 15, 6.3, 4},
                                                        {"logit_concentration", 1, 0.4},
                                                        {"theory", 2.1, 0.5},
                                                        {"mutual_reinforcement", 6.1, 1},
                                                        {"three_layers", 1.9, 0.4},
                                                        {"minimal_structures", 4.5, 1.1},
                                                        {"adam_growth", 3.7, 2.1},
                                                        {"mitigations", 6, 1.5},
                                                        {"task_variations", 7, 1.4}}};

/// How long one takes with that many seeds; 0: the experiment's own.
[[nodiscard]] constexpr double minutes_of(duration const& d, std::uint64_t seeds) {
  if (seeds == 0) return d.by_default;
  return d.quick * static_cast<double>(seeds) / static_cast<double>(d.quick_seeds);
}

/// The seeds `--quick` gives an experiment.
[[nodiscard]] constexpr std::uint64_t quick_seeds(std::string_view name) {
  for (auto const& d : durations) {
    if (d.name == name) return d.quick_seeds;
  }
  return duration{}.quick_seeds;
}

/// What the help of `paper` says.
[[nodiscard]] std::string durations_in_words();

} // namespace paper
