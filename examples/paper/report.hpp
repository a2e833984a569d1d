// SPDX-License-Identifier: MIT
// The report of all experiments: claim, what was run, figure, numbers, verdict, command.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace paper {

/// What one experiment left in its folder.
struct chapter {
  std::string name{};
  nlohmann::ordered_json finding{}; ///< null if there is none
  std::string picture{};            ///< SVG, or empty
};

/// \throws dormant::error if finding.json is there but not what an experiment writes
chapter read_chapter(std::string const& name, std::filesystem::path const& folder);

/// The verdicts in a line or two, for a terminal.
std::string summary(chapter const& c);

/// One page that needs nothing beside itself.
std::string report(std::vector<chapter> const& chapters, double minutes);

} // namespace paper
