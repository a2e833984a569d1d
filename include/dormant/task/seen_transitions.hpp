// SPDX-License-Identifier: MIT
// Out-of-distribution sequences (arXiv 2410.13835, appendix): every transition that a bigram table
// has seen is as likely as any other. Evaluation data for a model trained on the table's own law.
#pragma once

#include "dormant/shape.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/task/vocabulary.hpp"

#include <cstddef>

namespace dormant {

/// The table whose law after v is uniform over the characters that ever follow v in `table`. The
/// unigram counts stay, so a task on it has the same triggers and the same first characters. Use it
/// with `plain_markov` for the authors' out-of-distribution sequences, or with `backcopy` to change
/// nothing but the bigram law.
/// \param triggers as many as the task has: none of them follows another, as under `backcopy`. A
///        trigger that only triggers follow keeps them. With 0, every seen transition remains.
/// Throws `dormant::error` if the table is unusable.
[[nodiscard]] inline bigram_table seen_transitions(bigram_table table, std::size_t triggers = 3) {
  check(table, "the bigram table");
  auto const n = table.size();
  for (auto& count : table.bigrams) count = count != 0;
  auto const chosen = most_frequent(table, triggers);
  for (auto const t : chosen) {
    auto const v = static_cast<std::size_t>(t);
    auto row = table.row(v);
    std::size_t others = 0;
    for (auto const count : row) others += count;
    for (auto const u : chosen) others -= row[static_cast<std::size_t>(u)];
    if (others == 0) continue;
    for (auto const u : chosen) table.bigrams[v * n + static_cast<std::size_t>(u)] = 0;
  }
  return table;
}

} // namespace dormant
