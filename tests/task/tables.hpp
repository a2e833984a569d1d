// SPDX-License-Identifier: MIT
// Small bigram tables for the tests of tasks.
#pragma once

#include "dormant/task/bigram_table.hpp"

#include <cstdint>
#include <vector>

namespace tables {

/// A table of the letters a, b, c, ... from its rows; unigrams are the row sums.
inline dormant::bigram_table letters(std::vector<std::vector<std::uint64_t>> const& rows) {
  dormant::bigram_table table;
  for (auto const& row : rows) {
    table.characters.push_back(static_cast<char32_t>(U'a' + table.characters.size()));
    table.unigrams.push_back(0);
    for (auto const count : row) {
      table.bigrams.push_back(count);
      table.unigrams.back() += count;
    }
  }
  return table;
}

/// Three letters, c the most frequent, then b.
inline dormant::bigram_table three() { return letters({{1, 2, 3}, {4, 0, 5}, {6, 7, 8}}); }

} // namespace tables
