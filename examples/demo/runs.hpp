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

/// What is measured, by the names of docs/measurements.md and, of probes that the programs bring
/// along, by the same rule. Ratios are `<s>` against the mean of the other positions.
namespace measured {
inline constexpr std::string_view sink = "attention_sink.on_background.1";
inline constexpr std::string_view sink_of_triggers = "attention_sink.on_triggers.1";
inline constexpr std::string_view sink_of_all = "attention_sink.mean.1";
inline constexpr std::string_view drain = "value_drain.ratio.1";
inline constexpr std::string_view peak = "residual_peak.ratio.0";
inline constexpr std::string_view write = "first_write.ratio.0";
inline constexpr std::string_view bigram = "excess_risk.bigram";
inline constexpr std::string_view backcopy = "excess_risk.backcopy";
} // namespace measured
inline constexpr std::array<std::string_view, 8> columns = {
    measured::sink,        measured::sink_of_triggers,
    measured::sink_of_all, measured::drain,
    measured::peak,        measured::write,
    measured::bigram,      measured::backcopy};
static_assert(reading_layer == 1 && writing_layer == 0, "the names of the columns say which layer");

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
