// SPDX-License-Identifier: MIT
// Doing units: as many at a time as there are cores, each kept as soon as it is done.
#pragma once

#include "grid/unit.hpp"

#include "dormant/task/bigram_table.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace grid {

struct effort {
  double seconds = 0;      ///< until all units are done
  std::size_t threads = 0; ///< units at a time
};

/// How long units will take, from some steps of some of them, taken now.
/// \param threads 0: as many as the machine has
[[nodiscard]] effort estimated(std::vector<unit> const& units, std::uint64_t threads,
                               dm::bigram_table const& table);

/// Does the units and keeps each result in the folder. A run whose numbers
/// are not finite is a result too.
/// \returns false if Ctrl-C was pressed; what was done is kept
/// \throws dormant::error for an attention that this program was not
///   built with, and what else fails
bool work(std::vector<unit> const& units, std::filesystem::path const& folder,
          std::uint64_t threads, dm::bigram_table const& table);

} // namespace grid
