// SPDX-License-Identifier: MIT
// The verdicts of all experiments as a table, which docs/verdicts.csv is a copy of.
#pragma once

#include "common/outcome.hpp"
#include "dormant/io/csv.hpp"
#include "paper/report.hpp"

#include <vector>

namespace paper {

/// The verdict of a statement as finding.json keeps it, computed from its seeds, so that findings
/// of an earlier version are judged alike.
program::verdict verdict_of(nlohmann::ordered_json const& statement);

/// experiment, statement, passes, n, without_number, rate, low, high, verdict; a row a statement.
dormant::csv_table verdict_table(std::vector<chapter> const& chapters);

} // namespace paper
