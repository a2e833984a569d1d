// SPDX-License-Identifier: MIT
// Every number of the report as CSV.
#pragma once

#include "demo/runs.hpp"
#include "dormant/io/csv.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace demo {

namespace detail {
inline void append_row(dm::csv_table& table, std::vector<dm::csv_cell> cells,
                       dm::probe_row const& row) {
  for (auto const column : columns) cells.emplace_back(row[column]);
  table.append(cells);
}
inline dm::csv_table table_with(std::vector<std::string> head) {
  head.insert(head.end(), columns.begin(), columns.end());
  return dm::csv_table(head);
}
} // namespace detail

/// What was measured during training, on training batches.
inline dm::csv_table curve_table(std::vector<run> const& runs) {
  auto table = detail::table_with({"story", "seed", "step", "loss"});
  for (auto const& r : runs) {
    for (auto const& row : r.curve) {
      detail::append_row(table, {stories[r.story].key, r.seed, row["step"], row["loss"]}, row);
    }
  }
  return table;
}

/// What was measured after training; `removed` says what was taken out of the model.
inline dm::csv_table measurement_table(std::vector<run> const& runs) {
  auto table = detail::table_with({"story", "seed", "removed"});
  for (auto const& r : runs) {
    detail::append_row(table, {stories[r.story].key, r.seed, "nothing"}, r.after);
    detail::append_row(table, {stories[r.story].key, r.seed, "head"}, r.without_head);
    detail::append_row(table, {stories[r.story].key, r.seed, "first_mlp"}, r.without_first_mlp);
  }
  return table;
}

} // namespace demo
