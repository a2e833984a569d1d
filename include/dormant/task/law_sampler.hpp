// SPDX-License-Identifier: MIT
// A law table one can draw from: the laws that probes score against are those the tokens come from.
#pragma once

#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/alias_table.hpp"
#include "dormant/task/batch.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>

namespace dormant {

/// The rows that the laws of a task refer to, each with its alias table. Moving copies, as it does
/// for the tasks made of it: one that was moved from can still be drawn from.
class law_sampler {
public:
  /// Room for that many rows; each has to be set before it is drawn from.
  /// \param outcomes K, the ids 0 .. K - 1 that can be drawn
  /// \param vocab V, at least K; the other ids have probability zero
  law_sampler(std::size_t rows, std::size_t outcomes, std::size_t vocab)
      : draws_(rows, outcomes), table_(std::make_shared<law_table>(rows, vocab)) {}
  law_sampler(law_sampler const&) = default;
  law_sampler& operator=(law_sampler const&) = default;
  ~law_sampler() = default;

  /// Makes a row the law proportional to `weights`, [K]: none negative, at least one positive.
  void set_row(std::size_t row, std::span<double const> weights) {
    draws_.set_row(row, weights);
    double const total = std::accumulate(weights.begin(), weights.end(), 0.0);
    double entropy = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      double const p = weights[k] / total;
      table_->probabilities[row * table_->vocab + k] = p;
      if (p > 0) entropy -= p * std::log(p);
    }
    table_->entropies[row] = entropy;
  }
  /// Says which row is the plain unigram law, which the authors' probe scores position 0 with.
  void set_unigram_row(std::int32_t row) { table_->unigram_row = row; }
  /// Says which token is `<s>`, so that probes know a second one from the other tokens.
  void set_bos(token bos) { table_->bos = bos; }

  /// One token from a law, in constant time, or in that of going through its spread.
  [[nodiscard]] token draw(next_token_law const& law, random_stream& random) const {
    if (law.copy_weight > 0 && (law.copy_weight >= 1 || random.uniform() < law.copy_weight))
      return law.spread.empty() ? law.copied : draw_from(law.spread, random.uniform());
    return static_cast<token>(draws_.draw(static_cast<std::size_t>(law.row), random.bits()));
  }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return table_; }

private:
  // The token whose stretch of [0, 1) holds `place`; the last one, should rounding leave a gap.
  [[nodiscard]] static token draw_from(token_spread const& spread, double place) {
    token found = spread.begin()->id;
    for (auto const& [id, weight] : spread) {
      if (weight > 0) found = id;
      place -= weight;
      if (place < 0) break;
    }
    return found;
  }

  alias_table draws_;                // one row a row of table_
  std::shared_ptr<law_table> table_; // [rows, V]
};

} // namespace dormant
