// SPDX-License-Identifier: MIT
// The heads of a model on the texts of one domain: what is compared with another domain's.
#pragma once

#include "language_model/head_findings.hpp"
#include "language_model/measure.hpp"

#include <dormant/task/batch.hpp>

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace language_model {

/// One domain, row by row.
struct measured_domain {
  dm::batch rows;
  std::vector<double> losses;      ///< of the rows with a second token
  std::vector<rows_of_head> heads; ///< of all layers

  /// The loss changes, row by row.
  [[nodiscard]] std::vector<double> changes(std::vector<double> const& without) const {
    std::vector<double> out;
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      if (!rows.sequence(b).targets.empty()) out.push_back(without[b] - losses[out.size()]);
    }
    return out;
  }
};

/// \param done is told how many heads are done, and of how many
inline measured_domain measure_domain(dm::model_folder const& folder, dm::batch rows,
                                      dm::execution how, removal by,
                                      void (*done)(std::size_t, std::size_t)) {
  measured_domain out{.rows = std::move(rows), .losses = {}, .heads = {}};
  auto const with = measure(folder, out.rows, how);
  auto const without = losses_without_heads(folder, out.rows, how, by, done);
  for (std::size_t b = 0; b < out.rows.rows(); ++b) {
    if (!out.rows.sequence(b).targets.empty()) out.losses.push_back(with.losses.of(b));
  }
  for (std::size_t h = 0; h < without.size(); ++h) {
    auto& head = out.heads.emplace_back();
    for (std::size_t b = 0; b < out.rows.rows(); ++b) {
      double const attention = with.sinks_of_rows.of(b, h);
      if (!std::isnan(attention)) head.attention.push_back(attention);
    }
    head.change = out.changes(without[h]);
  }
  return out;
}

} // namespace language_model
