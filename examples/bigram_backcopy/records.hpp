// SPDX-License-Identifier: MIT
// What a run leaves in its folder besides the model: metrics.csv, run.json and figures.
#pragma once

#include "bigram_backcopy/settings.hpp"
#include "dormant/io/csv.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/oracle.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace experiment {

/// The columns of metrics.csv for a model of that many layers.
[[nodiscard]] std::vector<std::string> columns(std::size_t layers);
/// A row of probe results under these columns; cells of layers without attention stay empty.
[[nodiscard]] std::vector<dormant::csv_cell> cells_of(dormant::probe_row const& row,
                                                      std::size_t layers);

/// What resume.safetensors has to agree with: the settings, and the counts of the task.
[[nodiscard]] std::map<std::string, std::string> run_identity_of(settings const& s,
                                                                 source const& from);

/// Starts run.json: all settings, versions, the size of the model, the best risks there are.
void write_run_json(settings const& s, source const& from, place const& where,
                    std::size_t parameters, dormant::minimum_risk const& best);
/// Puts the pace of a resumed run into its run.json.
void update_run_json(settings const& s, place const& where);
/// The settings that run.json keeps, by flag.
/// \throws dormant::error if the file is not what `write_run_json` writes
[[nodiscard]] std::vector<word> read_run_json(std::string const& folder);

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
