// SPDX-License-Identifier: MIT
// What training and measuring leave behind.
#pragma once

#include "demo/setting.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/task/bigram_backcopy.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace demo {

using task = dm::bigram_backcopy<shape>;

/// Data and initial parameters depend on the seed alone, so stories are paired by seed.
inline task task_for(dm::bigram_table const& table, std::uint64_t seed) {
  return task({.triggers = 3, .seed = seed, .table = table});
}

/// What is measured. Ratios are `<s>` against the mean of the other positions; attention on `<s>`
/// is that of non-trigger queries from position 2 on, unless the name says otherwise.
inline constexpr std::array<std::string_view, 8> columns = {"attention_on_bos",
                                                            "attention_on_bos_from_triggers",
                                                            "attention_on_bos_from_all",
                                                            "value_ratio",
                                                            "residual_ratio",
                                                            "write_ratio",
                                                            "bigram_excess",
                                                            "backcopy_excess"};

inline constexpr std::size_t sequences_measured = 128; ///< after training
inline constexpr std::size_t tokens_shown = 32;        ///< of a sequence, in pictures

/// One sequence as a model sees it.
struct shown_sequence {
  std::vector<dm::token> tokens;
  std::vector<bool> trigger;
  std::vector<double> attention;      // [T query, T key]
  std::vector<double> value_norms;    // [T] ||W_O v||
  std::vector<double> residual_norms; // [T] after the writing layer
};

/// One story on one seed.
struct run {
  std::size_t story = 0;
  std::uint64_t seed = 0;
  std::vector<dm::probe_row> curve; ///< step, loss and `columns`, on training batches
  dm::probe_row after;              ///< `columns` after training, on sequences never trained on
  dm::probe_row without_head;       ///< the same with the head removed
  dm::probe_row without_first_mlp;  ///< the same with the output of the first MLP at zero
  shown_sequence shown;             ///< one of these sequences, the same in all stories
};

struct training {
  std::vector<run> runs; ///< ordered by seed, then by story
  bool interrupted = false;
  double seconds = 0;
  std::size_t threads = 0; ///< runs that went on at a time
};

/// Trains and measures all stories on all seeds, and shows on stderr how far it is.
/// \throws the error of the first run that failed
training train_all(setting const& how, dm::bigram_table const& table);

} // namespace demo
