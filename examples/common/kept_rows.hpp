// SPDX-License-Identifier: MIT
// The rows of one run in a file that tells whether it is as it was written.
#pragma once

#include "dormant/probe/row.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace paper {

/// What was measured in one run. The first column is the step, or whatever else lines are drawn
/// over; numbers that only the trained model has are added to the last row.
using curve = std::vector<dormant::probe_row>;

/// The columns of a run, which the last row has all of: what is measured
/// after training stands there alone.
std::vector<std::string> names_of(curve const& rows);

/// Writes the rows, if there are any, with a checksum in the last line.
void keep_rows(std::filesystem::path const& path, curve const& rows);

/// \throws dormant::error if a line is missing, changed or not of numbers
curve rows_kept(std::filesystem::path const& path);

} // namespace paper
