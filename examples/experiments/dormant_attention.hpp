// SPDX-License-Identifier: MIT
// What a dormant head attends to: `<s>`, delimiters, triggers or characters, and what is drained.
#pragma once

#include <dormant/probe/row.hpp>
#include <dormant/sites.hpp>

#include <array>
#include <cmath>
#include <cstddef>

namespace paper {

namespace dm = dormant;

/// Attention of the queries that are no triggers, for each kind of key, and the norm of the keys'
/// value states, of one layer with one head. Without `<s>`, position 0 stands for it.
struct dormant_attention {
  enum kind : std::size_t { first, second_bos, delimiter, trigger, character, kinds };
  dm::token bos = 0; ///< `<s>`
  dm::token d = 0;   ///< `<d>`
  std::array<dm::running_mean, kinds> attention{}, values{};
  dm::running_mean triggers_on_bos{};

  [[nodiscard]] dormant_attention empty() const { return {bos, d}; }
  [[nodiscard]] kind kind_of(dm::sequence const& seq, std::size_t j) const {
    if (j == 0) return first;
    if (seq.inputs[j] == bos) return second_bos;
    if (seq.inputs[j] == d) return delimiter;
    return seq.trigger(j) ? trigger : character;
  }
  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
    for (std::size_t q = 2; q < pattern.shape(1); ++q) {
      std::array<double, kinds> sum{};
      for (std::size_t j = 0; j <= q; ++j)
        sum[kind_of(at.sequence, j)] += static_cast<double>(pattern(0, q, j));
      if (at.sequence.trigger(q)) triggers_on_bos.add(sum[first] + sum[second_bos]);
      for (std::size_t k = 0; k < kinds && !at.sequence.trigger(q); ++k) attention[k].add(sum[k]);
    }
  }
  void operator()(dm::site::value_out at, dm::view<float const, 3> const& out) {
    for (std::size_t j = 0; j < out.shape(1); ++j) {
      double square = 0;
      for (std::size_t c = 0; c < out.shape(2); ++c)
        square += static_cast<double>(out(0, j, c)) * static_cast<double>(out(0, j, c));
      values[kind_of(at.sequence, j)].add(std::sqrt(square));
    }
  }
  void merge(dormant_attention const& later) {
    for (std::size_t k = 0; k < kinds; ++k) {
      attention[k] += later.attention[k];
      values[k] += later.values[k];
    }
    triggers_on_bos += later.triggers_on_bos;
  }
  void report(dm::probe_row& row) const {
    row.add("on_bos", attention[first].mean() + attention[second_bos].mean());
    bool const delimited = values[delimiter].count > 0;
    row.add("on_delimiters", delimited ? attention[delimiter].mean() : std::nan(""));
    row.add("on_triggers", attention[trigger].mean());
    row.add("triggers_on_bos", triggers_on_bos.mean());
    // Of two <s>, the one that is drained more.
    double const least = std::fmin(values[first].mean(), values[second_bos].mean());
    row.add("value_ratio_bos", least / values[character].mean());
    row.add("value_ratio_delimiters", values[delimiter].mean() / values[character].mean());
    row.add("value_ratio_triggers", values[trigger].mean() / values[character].mean());
  }
};
static_assert(dm::observes<dormant_attention, dm::site::pattern>);
static_assert(dm::observes<dormant_attention, dm::site::value_out>);

} // namespace paper
