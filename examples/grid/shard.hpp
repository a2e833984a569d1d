// SPDX-License-Identifier: MIT
// Which units are this process's share of the work: said by hand, or by whatever started it.
#pragma once

#include "grid/unit.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace grid {

/// Every `of`-th unit, beginning with the `number`-th; numbers count from 1.
struct shard {
  std::size_t number = 1;
  std::size_t of = 1;

  [[nodiscard]] std::vector<unit> share(std::vector<unit> const& all) const {
    std::vector<unit> out;
    for (std::size_t i = number - 1; i < all.size(); i += of) out.push_back(all[i]);
    return out;
  }
};

/// "3/8", or "auto": from a Slurm array (SLURM_ARRAY_TASK_ID, _MIN, _COUNT) or tasks of a Slurm job
/// (SLURM_PROCID, SLURM_NTASKS), or the ranks of mpirun
/// (OMPI_COMM_WORLD_RANK, _SIZE; PMI_RANK, PMI_SIZE).
/// \throws dormant::error that says what was expected; for "auto"
///   without any of these variables too
[[nodiscard]] shard shard_from(std::string const& text);

} // namespace grid
