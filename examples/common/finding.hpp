// SPDX-License-Identifier: MIT
// One claim of the paper as a program: what is said, what was run, what was found. Every experiment
// is a `claim` and a function from a `setting` to a `finding`; the rest is here.
#pragma once

#include "common/command_line.hpp"
#include "common/figures.hpp"
#include "common/outcome.hpp"
#include "common/runs.hpp"
#include "common/training.hpp"
#include "dormant/statistics.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace paper {

/// What is tested.
struct claim {
  std::string name{};     ///< of the program and of its files
  std::string title{};    ///< in the report
  std::string where{};    ///< in arXiv 2410.13835
  std::string sentence{}; ///< what the paper says there
  /// Runs of each variant at the small scale: as many as `holds` takes, fewer where one takes long.
  std::uint64_t seeds = 30;
};

/// A number with its spread over seeds, next to the paper's.
struct number {
  std::string what{};
  dm::band value{};
  std::string published{}; ///< empty where the paper gives none for this setting
};

/// How large something is, with its 95% interval.
struct effect {
  std::string what{}; ///< e.g. "median difference of paired seeds, AdamW minus SGD"
  dm::interval value{};
  std::string unit{}; ///< empty for a ratio or a share
};

/// The median over seeds of a - b, with its bootstrap interval. Seeds where one of them is NaN are
/// left out, which `what` then says.
effect paired_difference(std::string what, std::vector<double> const& a,
                         std::vector<double> const& b, std::string unit = "");

/// Part of a claim, and which seeds show it; the rate of such seeds and the verdict are computed.
struct statement {
  std::string says{};           ///< thresholds included
  program::shown seed_shows{};  ///< from `each_seed`
  std::optional<effect> size{}; ///< of what it says, where seeds are compared
};

struct finding {
  std::string ran{}; ///< model, optimizer, steps, batch
  std::vector<number> numbers{};
  std::vector<statement> statements{};
  std::string words{}; ///< what to make of it, in a few sentences; NaN is shown as "none"
  figures::figure figure{};
  std::optional<runs> data{}; ///< written as CSV
};

/// A step over seeds, e.g. "by step 220", or "not at all" where the median seed does not get there.
std::string by_step(dm::band const& steps);

/// The `main` of an experiment: the command line, then the body, then NAME.csv, NAME.svg, NAME.png
/// and finding.json in the output folder, and the finding in words on stdout.
/// \param more adds options of its own
int experiment(int argc, char const* const* argv, claim const& what,
               std::function<finding(setting const&)> const& body,
               std::function<void(program::command_line&)> const& more = {});

} // namespace paper
