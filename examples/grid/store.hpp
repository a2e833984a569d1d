// SPDX-License-Identifier: MIT
// Results on disk: one file a unit, written whole, and the table that they make together.
#pragma once

#include "grid/plan.hpp"
#include "grid/unit.hpp"

#include "dormant/probe/row.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace grid {

/// Of the table and of the files of units; another number where columns mean something else.
inline constexpr int format_version = 1;

/// What became of a unit.
struct result {
  std::string simd{};   ///< of the build that did it, which last bits depend on
  std::string failed{}; ///< why there are no numbers: training met a value that is not finite
  dm::probe_row numbers{};
};

/// The file of a unit in a folder of results.
[[nodiscard]] std::filesystem::path file_of(std::filesystem::path const& folder, unit const& u);
/// Writes it whole or not at all. The same unit has the same bytes wherever it was done with the
/// same SIMD width, so that two processes that do it by mistake do no harm.
void keep(std::filesystem::path const& folder, unit const& u, result const& r);
/// \throws dormant::error naming the file, for one that is not what `keep` wrote for this unit
[[nodiscard]] result kept(std::filesystem::path const& file, unit const& u);

/// Units of which none of the folders has a result, in the plan's order.
[[nodiscard]] std::vector<unit> missing(std::vector<unit> const& all,
                                        std::vector<std::filesystem::path> const& folders);
/// \throws dormant::error if results that are there come from a build for another SIMD width than
///   this one: their last bits would not go together
void check_build(std::vector<unit> const& all, std::vector<std::filesystem::path> const& folders);
/// Results of all units, in the plan's order.
/// \throws dormant::error if one is missing or damaged, if folders disagree about one, or if they
///   come from builds of different SIMD widths
[[nodiscard]] std::vector<result> gathered(std::vector<unit> const& all,
                                           std::vector<std::filesystem::path> const& folders);

/// grid.csv: a line for each unit of the plan, each once; columns that a
/// unit has no number for are empty.
[[nodiscard]] std::string table_of(std::vector<unit> const& all,
                                   std::vector<result> const& results);
/// grid.json: the format, its version, and what made the table.
[[nodiscard]] std::string description_of(plan const& p, std::vector<result> const& results);

} // namespace grid
