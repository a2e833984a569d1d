// SPDX-License-Identifier: MIT
// Tasks and contexts for the tests of the theory.
#pragma once

#include "dormant/random.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "task/tables.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace small_law {

using task = dormant::bigram_backcopy<dormant::shape{.vocab = 8, .context = 16}>;

/// Five letters, one of them a trigger (c), one with a single successor (e), one (d) that follows
/// no query. Queries are a, b and d; their successors a, b, c and e.
inline task five_letters() {
  return task(
      {.triggers = 1,
       .table = tables::letters(
           {{5, 3, 9, 0, 4}, {6, 0, 7, 0, 2}, {9, 9, 9, 9, 9}, {1, 8, 4, 0, 0}, {0, 0, 7, 0, 0}})});
}

/// Numbers from -1 to 1.
inline std::vector<double> noise(std::size_t size, std::uint64_t seed) {
  dormant::random_stream draw(seed, dormant::stream::user, 0, 0);
  std::vector<double> out(size);
  for (auto& x : out) x = 2 * draw.uniform() - 1;
  return out;
}

} // namespace small_law
