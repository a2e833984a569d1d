// SPDX-License-Identifier: MIT
// The experiments in the paper's order, each a program beside this one.
#pragma once

#include "dormant/progress.hpp"

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace paper {

inline constexpr std::array<std::string_view, 13> experiments = {"active_dormant",
                                                                 "interventions",
                                                                 "training_dynamics",
                                                                 "published_run",
                                                                 "crossed_seeds",
                                                                 "logit_concentration",
                                                                 "theory",
                                                                 "mutual_reinforcement",
                                                                 "three_layers",
                                                                 "minimal_structures",
                                                                 "adam_growth",
                                                                 "mitigations",
                                                                 "task_variations"};

/// Runs a program, its standard output in a file. A request to stop is passed on to it.
/// \returns its exit code; 128 + the signal if one ended it
/// \throws dormant::error if it cannot be started
int run_program(std::filesystem::path const& file, std::vector<std::string> const& arguments,
                std::filesystem::path const& output, dormant::stop_on_interrupt const& stop);

} // namespace paper
