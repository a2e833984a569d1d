// SPDX-License-Identifier: MIT
// What a step over ranks spends in messages, `mpirun -n 4 messages`: microseconds for the notes,
// and for the sum of eight shards' gradients of several sizes; and a message between two ranks,
// which is what benchmarks/many_cores.py reckons with.
#include "dormant/kernels/xsimd.hpp"
#include "dormant/mpi/session.hpp"
#include "dormant/mpi/team.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

namespace dm = dormant;

namespace {

constexpr std::size_t shards = 8, repetitions = 20;

double time_of(auto f) {
  auto const begun = std::chrono::steady_clock::now();
  f();
  std::chrono::duration<double, std::micro> const took = std::chrono::steady_clock::now() - begun;
  return took.count();
}

/// The microseconds that f() takes on the slowest rank, of several times the quickest: what else
/// runs on the machine only adds.
template <class F>
double microseconds(dm::mpi::group const& world, F f) {
  double quickest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < repetitions; ++i) {
    world.collective(MPI_Barrier, MPI_Ibarrier); // sleeps where ranks outnumber cores, as steps do
    double slowest = time_of(f);
    world.collective(MPI_Allreduce, MPI_Iallreduce, MPI_IN_PLACE, &slowest, 1, MPI_DOUBLE, MPI_MAX);
    quickest = std::min(quickest, slowest);
  }
  return quickest;
}

/// A message of `bytes` from rank 0 to rank 1, half of the way there and back.
double message(dm::mpi::group const& world, std::size_t bytes) {
  std::vector<char> data(bytes);
  int const n = static_cast<int>(bytes);
  constexpr int rounds = 10;
  auto const all = world.communicator();
  double const took = microseconds(world, [&] {
    for (int i = 0; i < rounds && world.rank() < 2; ++i) {
      int const other = 1 - static_cast<int>(world.rank());
      if (world.first()) MPI_Send(data.data(), n, MPI_CHAR, other, 0, all);
      MPI_Recv(data.data(), n, MPI_CHAR, other, 0, all, MPI_STATUS_IGNORE);
      if (!world.first()) MPI_Send(data.data(), n, MPI_CHAR, other, 0, all);
    }
  });
  return took / (2 * rounds);
}

} // namespace

int main(int argc, char** argv) {
  dm::mpi::session world(argc, argv);
  bool const tells = world.first();
  if (tells) {
    std::printf("%zu ranks, %zu shards\n%12s %12s %12s %12s\n", world.ranks(), shards, "parameters",
                "notes, us", "sum, us", "alone, us");
  }
  for (std::size_t const n : {10'000U, 100'000U, 870'000U, 4'000'000U, 16'000'000U}) {
    using arch = xsimd::default_arch;
    dm::execution const how{.threads = 1, .shards = shards};
    std::vector<float> out(n);
    auto const nothing = [](std::size_t, std::size_t) { return 1.0; };
    dm::mpi::team<arch, float> team(how, n, world);
    double const notes = microseconds(world, [&] { team.run(shards, nothing); });
    double const sum = microseconds(world, [&] { team.sum(shards, 0, n, out.data()); });
    double alone = 0;
    if (tells) { // the same sum in one process, while the others wait for the barrier
      dm::detail::thread_team<arch, float> threads(how, n);
      alone = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < repetitions; ++i) {
        alone = std::min(alone, time_of([&] { threads.sum(shards, 0, n, out.data()); }));
      }
      std::printf("%12zu %12.0f %12.0f %12.0f\n", n, notes, sum, alone);
      std::fflush(stdout);
    }
  }
  if (world.ranks() == 1) return EXIT_SUCCESS;
  std::size_t const large = 16'000'000;
  double const small_one = message(world, 8), large_one = message(world, large);
  if (tells) {
    std::printf("a message of 8 bytes takes %.2f us; large ones pass at %.2f GB/s\n", small_one,
                static_cast<double>(large) / (large_one - small_one) / 1e3);
  }
  return EXIT_SUCCESS;
}
