// SPDX-License-Identifier: MIT
// Shards that are exchanged in many waves, and in slices of every length, sum to the bits to which
// one process sums them; what is not finite is found wherever it is.
#include "dormant/kernels/xsimd.hpp"
#include "dormant/mpi/session.hpp"
#include "dormant/mpi/team.hpp"
#include "dormant/random.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <limits>
#include <vector>

namespace dm = dormant;

namespace {

template <class T>
bool same_sums(dm::mpi::group& world, std::size_t n, std::size_t shards, std::size_t at_once,
               std::size_t spoiled) {
  using arch = xsimd::default_arch;
  dm::execution const how{.threads = 2, .shards = shards};
  dm::detail::thread_team<arch, T> alone(how, n);
  dm::mpi::team<arch, T> team(how, n, world, at_once);
  for (int step = 0; step < 2; ++step) { // the second finds what the first has cleared
    auto const fill = [&](auto& who) {
      who.run(shards, [&](std::size_t s, std::size_t) {
        dm::random_stream draw(1, dm::stream::user, s, static_cast<std::uint64_t>(step));
        for (std::size_t i = 0; i < n; ++i) {
          who.memory(s)[i] += static_cast<T>(draw.uniform() * (i % 7 == s ? 1e6 : 1.0));
        }
        if (spoiled < n && s == shards - 1) {
          who.memory(s)[spoiled] = std::numeric_limits<T>::infinity();
        }
        return 1.0 / static_cast<double>(s + 1);
      });
    };
    fill(alone);
    fill(team);
    std::vector<T> wanted(n), found(n);
    std::size_t const first = n / 3; // in two parts, as gradients and what is gathered beside them
    auto const sum_into = [&](auto& who, std::vector<T>& out) {
      bool const finite = who.sum(shards, 0, first, out.data());
      return who.sum(shards, first, n - first, out.data() + first) && finite;
    };
    bool const finite_wanted = sum_into(alone, wanted), finite_found = sum_into(team, found);
    if (std::memcmp(wanted.data(), found.data(), n * sizeof(T)) != 0) return false;
    if (finite_wanted != finite_found || finite_found != (spoiled >= n)) return false;
  }
  return true;
}

} // namespace

int main(int argc, char** argv) {
  dm::mpi::session world(argc, argv);
  int failed = 0;
  for (std::size_t const n : {3U, 100U, 1000U, 5000U}) {
    for (std::size_t const shards : {1U, 2U, 5U, 19U}) {
      for (std::size_t const at_once : {std::size_t{64}, std::size_t{333}, std::size_t{1} << 20}) {
        if (n / at_once > 20) continue;
        for (std::size_t const spoiled : {n, n / 2, n - 1}) {
          if (same_sums<float>(world, n, shards, at_once, spoiled) &&
              same_sums<double>(world, n, shards, at_once, spoiled)) {
            continue;
          }
          std::printf(
              "rank %zu: %zu elements of %zu shards, %zu at once, %zu spoiled: other bits\n",
              world.rank(), n, shards, at_once, spoiled);
          failed = 1;
        }
      }
    }
  }
  return failed;
}
