// SPDX-License-Identifier: MIT
// Rows of real texts, for training a language model.
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace dormant {

/// A task whose rows are windows of texts, each behind `<s>`. A row picks one of the
/// texts, all equally often whatever their lengths, and a place in it. What follows a
/// token is known, its law is not.
class text_windows {
public:
  struct options {
    std::size_t context = 256; ///< T, tokens that the model reads, `<s>` included
    token bos = no_token;      ///< put at position 0 of every row; `no_token`: nothing is
    std::uint64_t seed = 0;
  };
  static constexpr bool knows_laws = false;
  std::size_t context;

  /// \param texts tokens of one text, or of all texts of one kind, each
  /// \throws error if there is none, or one that fills no row
  text_windows(std::vector<std::vector<token>> texts, options how)
      : context(how.context), texts_(std::move(texts)), bos_(how.bos), seed_(how.seed) {
    if (context == 0) refuse({"text_windows: the context must be positive, found 0"});
    if (texts_.empty()) refuse({"text_windows: there is no text"});
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (texts_[i].size() >= of_text(context + 1)) continue;
      refuse({"text_windows: text ", i, " has ", texts_[i].size(), " tokens, which fill no row of ",
              context, " and the one that follows"});
    }
  }

  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> /*empty*/) const {
    random_stream draw(seed_, which, step, row);
    auto const& text = texts_[draw.below(texts_.size())];
    fill(tokens, text, draw.below(text.size() - of_text(tokens.size()) + 1));
  }
  /// Rows that no step of training draws, though their tokens may be the same.
  [[nodiscard]] batch sample(std::size_t rows) const {
    batch drawn(rows, context, nullptr, knows_laws);
    for (std::size_t b = 0; b < rows; ++b) {
      sample_row(stream::evaluation_data, 0, b, drawn.tokens(b), {});
    }
    return drawn;
  }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return nullptr; }

  /// Row after row from the beginning of a text, none overlapping: for measuring on all of it.
  /// \param most rows at most
  /// \throws error if the text fills no row
  [[nodiscard]] batch in_order(std::size_t text, std::size_t most) const {
    auto const& tokens = texts_.at(text);
    std::size_t const n = of_text(context + 1);
    batch rows(std::min(most, tokens.size() / n), context, nullptr, knows_laws);
    for (std::size_t b = 0; b < rows.rows(); ++b) fill(rows.tokens(b), tokens, b * n);
    return rows;
  }

private:
  // Tokens of a text in a row of n.
  [[nodiscard]] std::size_t of_text(std::size_t n) const { return bos_ == no_token ? n : n - 1; }
  // A row with what stands in a text from `at` on.
  void fill(std::span<token> row, std::vector<token> const& text, std::size_t at) const {
    std::size_t const n = of_text(row.size());
    if (n < row.size()) row[0] = bos_;
    std::copy_n(text.data() + at, n, row.data() + (row.size() - n));
  }

  std::vector<std::vector<token>> texts_;
  token bos_;
  std::uint64_t seed_;
};

} // namespace dormant
