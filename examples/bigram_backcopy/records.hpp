// SPDX-License-Identifier: MIT
// What a run leaves in its folder besides the model and run.json: metrics.csv and figures.
#pragma once

#include "bigram_backcopy/settings.hpp"
#include "dormant/io/csv.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace experiment {

/// The columns of metrics.csv for a model of that many layers.
[[nodiscard]] std::vector<std::string> columns(std::size_t layers);
/// Those of runs that were begun before attention was told by kind of query.
[[nodiscard]] std::vector<std::string> columns_before(std::size_t layers);
/// A row of probe results under these columns; cells of layers without attention stay empty.
[[nodiscard]] std::vector<dormant::csv_cell> cells_of(dormant::probe_row const& row,
                                                      std::size_t layers);

/// The attention of one layer over one sequence.
struct attention_record {
  std::size_t layer = 0;
  std::vector<float> weights{};         ///< [H, T query, T key]
  std::vector<dormant::token> tokens{}; ///< [T]
  std::vector<std::string> names{};     ///< [T] how figures show them
};

/// Keeps the attention as .npy files, says what came out and draws the figures.
void finish(settings const& s, place const& where, std::size_t layers,
            std::vector<attention_record> const& attention);

} // namespace experiment
