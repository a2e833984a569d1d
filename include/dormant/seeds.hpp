// SPDX-License-Identifier: MIT
// A run has two seeds: of its initial parameters and of its data. They are two causes of what it
// does, so studies vary them together or across each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dormant {

/// What chance decides in one run.
struct seeds {
  std::uint64_t init = 0; ///< of the initial parameters
  std::uint64_t data = 0; ///< of the sequences

  friend bool operator==(seeds const&, seeds const&) = default;
};

/// `count` runs that differ in both: (first.init, first.data),
/// (first.init + 1, first.data + 1), ...
[[nodiscard]] inline std::vector<seeds> paired_seeds(seeds const& first, std::size_t count) {
  std::vector<seeds> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({first.init + i, first.data + i});
  return out;
}

/// Every one of `inits` initialisations on every one of `datas` sequences of batches; the first row
/// of the grid, all data of the first initialisation, comes first.
[[nodiscard]] inline std::vector<seeds> crossed_seeds(seeds const& first, std::size_t inits,
                                                      std::size_t datas) {
  std::vector<seeds> out;
  for (std::size_t i = 0; i < inits; ++i) {
    for (std::size_t d = 0; d < datas; ++d) out.push_back({first.init + i, first.data + d});
  }
  return out;
}

} // namespace dormant
