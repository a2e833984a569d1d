// SPDX-License-Identifier: MIT
// Names of measurements: `probe.quantity[.layer[.head]]`, the table of docs/measurements.md. What
// they were called before, and what to say of a name that nothing has.
#pragma once

#include "dormant/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dormant {

/// The name that a measurement has today, e.g. of `attention_on_bos_0`, which a metrics.csv of an
/// earlier version has: `attention_sink.mean.0`. Any other name is returned as it is.
[[nodiscard]] inline std::string current_name(std::string_view name) {
  struct renamed {
    std::string_view before, now;
  };
  static constexpr renamed of_layers[] = {
      {"attention_on_bos", "attention_sink.mean"},
      {"attention_on_bos_from_non_triggers", "attention_sink.on_background"},
      {"sink_logit_gap", "sink_logit_gap.mean"},
      {"sink_logit_gap_p10", "sink_logit_gap.p10"},
      {"sink_logit_gap_p90", "sink_logit_gap.p90"},
      {"value_norm_bos", "value_drain.bos"},
      {"value_norm_other", "value_drain.other"},
      {"residual_norm_bos", "residual_peak.bos"},
      {"residual_norm_other", "residual_peak.other"}};
  static constexpr renamed of_models[] = {{"bigram_risk", "risk.bigram"},
                                          {"backcopy_risk", "risk.backcopy"}};
  static constexpr renamed of_tensors[] = {{"gradient ", "tensor_norms.gradient."},
                                           {"update ", "tensor_norms.update."}};
  auto const text = name.find_last_not_of("0123456789") + 1; // what stands before the layer
  if (text < name.size() && name.substr(0, text).ends_with('_')) {
    for (auto const& [before, now] : of_layers) {
      if (name.substr(0, text - 1) == before) return sentence({now, ".", name.substr(text)});
    }
  }
  for (auto const& [before, now] : of_models) {
    if (name == before) return std::string(now);
  }
  for (auto const& [before, now] : of_tensors) {
    if (name.starts_with(before)) return sentence({now, name.substr(before.size())});
  }
  return std::string(name);
}

namespace detail {
/// Letters to insert, delete or replace to make one name of the other (Levenshtein 1966).
[[nodiscard]] inline std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto least = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1); // replaced, or the same
      diagonal = row[j];
      for (auto const other : {row[j], row[j - 1]})
        if (other + 1 < least) least = other + 1;
      row[j] = least;
    }
  }
  return row.back();
}
} // namespace detail

/// Refuses a name that nothing has, and lists the names there are, the nearest first.
/// \param where what was searched, e.g. "a row of measurements"
[[noreturn]] inline void refuse_name(std::string_view where, std::string_view name,
                                     std::vector<std::string_view> names) {
  // By looking for the nearest again and again: a sort is more code for every user's compiler.
  auto const today = current_name(name);
  std::vector<std::size_t> distance;
  for (auto const other : names) {
    auto const here = detail::edits_between(name, other), now = detail::edits_between(today, other);
    distance.push_back(here < now ? here : now);
  }
  std::string list;
  while (!names.empty()) {
    std::size_t next = 0;
    for (std::size_t i = 1; i < names.size(); ++i) {
      bool const before = names[i] < names[next];
      if (distance[i] < distance[next] || (distance[i] == distance[next] && before)) next = i;
    }
    list.append(list.empty() ? "" : ", ").append(names[next]);
    names[next] = names.back();
    distance[next] = distance.back();
    names.pop_back();
    distance.pop_back();
  }
  refuse({where, " has nothing named '", name, "'; ",
          list.empty() ? "it is empty" : "it has, the nearest names first: ", list});
}

} // namespace dormant
