// SPDX-License-Identifier: MIT
// How much of a machine a rank has, when several share it.
#pragma once

#include "dormant/detail/thread_pool.hpp"
#include "dormant/mpi/api.hpp"

#include <sched.h>

#include <algorithm>
#include <cstddef>

namespace dormant::mpi::detail {

/// What a rank may use of the machine that it is on.
struct share_of_cores {
  std::size_t cores = 1; ///< its part, and no more than the launcher bound it to; at least one
  bool crowded = false;  ///< on a machine of some rank there are fewer cores than ranks
};

/// All of `ranks` call it.
[[nodiscard]] inline share_of_cores look_around(MPI_Comm ranks) {
  MPI_Comm here = MPI_COMM_NULL;
  MPI_Comm_split_type(ranks, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
  int ranks_here = 1;
  MPI_Comm_size(here, &ranks_here);
  MPI_Comm_free(&here);
  std::size_t const machine = dormant::detail::cores();
  std::size_t share = machine / static_cast<std::size_t>(ranks_here);
  int crowded = share == 0 ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &crowded, 1, MPI_INT, MPI_LOR, ranks);
  cpu_set_t bound;
  if (sched_getaffinity(0, sizeof bound, &bound) == 0) { // fails beyond 1024 cores
    share = std::min(share, static_cast<std::size_t>(CPU_COUNT(&bound)));
  }
  return {std::max<std::size_t>(1, share), crowded != 0};
}

} // namespace dormant::mpi::detail
