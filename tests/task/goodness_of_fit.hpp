// SPDX-License-Identifier: MIT
// Compares drawn tokens with the laws they are said to come from.
#pragma once

#include "dormant/task/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

/// Whether tokens follow their stated laws. Given its law, each draw is an
/// independent indicator with mean p, so sums of (indicator - p) over the draws of
/// one row of the table are nearly normal.
class goodness_of_fit {
public:
  explicit goodness_of_fit(dormant::law_table const& table)
      : table_(&table), cells_(2 * table.rows * table.vocab) {}

  void add(dormant::next_token_law const& law, dormant::token next) {
    auto const row = (law.trigger ? table_->rows : 0) + static_cast<std::size_t>(law.row);
    for (std::size_t v = 0; v < table_->vocab; ++v) {
      double const p = dormant::law_probability(law, *table_, v);
      bool const hit = v == static_cast<std::size_t>(next);
      if (hit && p <= 0) ++impossible_;
      auto& [sum, variance] = cells_[row * table_->vocab + v];
      sum += (hit ? 1 : 0) - p;
      variance += p * (1 - p);
    }
  }
  [[nodiscard]] int impossible() const { return impossible_; }
  /// The sums divided by their standard deviations, where these are large enough to be normal.
  [[nodiscard]] std::vector<double> scores() const {
    std::vector<double> out;
    for (auto const& [sum, variance] : cells_)
      if (variance > 15) out.push_back(sum / std::sqrt(variance));
    return out;
  }

  /// Whether nothing impossible came and the scores are those of a right law: none far out, and a
  /// mean square near 1.
  [[nodiscard]] bool good() const {
    auto const all = scores();
    auto const cells = static_cast<double>(all.size());
    double worst = 0;
    double square = 0;
    for (auto const z : all) {
      worst = std::max(worst, std::abs(z));
      square += z * z / cells;
    }
    return impossible_ == 0 && cells > 0 && worst < 4.5 &&
           std::abs(square - 1) < 5 * std::sqrt(2 / cells);
  }

private:
  struct moments {
    double sum = 0;
    double variance = 0;
  };
  dormant::law_table const* table_;
  std::vector<moments> cells_; // [trigger, row of the table, V]
  int impossible_ = 0;
};
