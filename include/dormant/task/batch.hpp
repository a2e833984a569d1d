// SPDX-License-Identifier: MIT
// Sequences of tokens together with the exact law each next token was drawn from.
#pragma once

#include "dormant/error.hpp"
#include "dormant/shape.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace dormant {

/// Rows of next-token probabilities, shared by all sequences of a task.
struct law_table {
  law_table(std::size_t number_of_rows, std::size_t vocabulary)
      : rows(number_of_rows), vocab(vocabulary), probabilities(rows * vocab), entropies(rows) {}

  std::size_t rows = 0;
  std::size_t vocab = 0;
  std::vector<double> probabilities; ///< [rows, V], every row sums to one
  std::vector<double> entropies;     ///< [rows], nats
  std::int32_t unigram_row = -1;     ///< the row of the plain unigram law, -1 if there is none
  token bos = -1;                    ///< `<s>`, -1 if the task has none

  [[nodiscard]] std::span<double const> row(std::size_t r) const {
    return {probabilities.data() + r * vocab, vocab};
  }
};

/// The law of the token that follows one position:
/// `(1 - copy_weight) * table.row(row) + copy_weight * one_hot(copied)`.
struct next_token_law {
  std::int32_t row = 0;  ///< which row of the law table
  token copied = 0;      ///< the token that is copied with probability `copy_weight`
  float copy_weight = 0; ///< 1 at a trigger of Bigram-Backcopy, 0 elsewhere
  bool trigger = false;  ///< whether the position holds a trigger token

  friend constexpr bool operator==(next_token_law const&, next_token_law const&) = default;
};

/// One sequence as the model and the hooks see it. Non-owning.
struct sequence {
  std::size_t index = 0;                ///< its row in the batch
  std::span<token const> inputs;        ///< [T], what the model reads
  std::span<token const> targets;       ///< [T], what it has to predict; empty if unknown
  std::span<next_token_law const> laws; ///< [T], or empty where the task is unknown
  law_table const* table = nullptr;     ///< the rows `laws` speaks of

  [[nodiscard]] std::size_t length() const { return inputs.size(); }
  /// Whether position t holds a trigger; false where the task is unknown.
  [[nodiscard]] bool trigger(std::size_t t) const { return !laws.empty() && laws[t].trigger; }
  /// Whether position t is one where attention may sink: every `<s>`, and position 0 in any case.
  [[nodiscard]] bool sink(std::size_t t) const {
    return t == 0 || (table != nullptr && inputs[t] == table->bos);
  }
  /// The position after the last sink.
  [[nodiscard]] std::size_t end_of_sinks() const {
    std::size_t end = length();
    while (end > 1 && !sink(end - 1)) --end;
    return end;
  }
  /// The first query that can look at another token than sinks and itself; beyond the end if none.
  [[nodiscard]] std::size_t first_with_choice() const {
    std::size_t first = 0;
    while (first < length() && sink(first)) ++first;
    return first + 1;
  }
};

/// B sequences of T + 1 tokens: inputs are the first T, targets the last T. One that was moved from
/// is empty.
class batch {
public:
  batch() = default;
  /// Room for `rows` sequences with `context` inputs each.
  /// \param with_laws whether each position also carries the law of its next token
  /// \throws error if there is no memory for so many
  batch(std::size_t rows, std::size_t context, std::shared_ptr<law_table const> table = nullptr,
        bool with_laws = true)
      : rows_(rows), context_(context), table_(std::move(table)) {
    try {
      // A product that wraps around would give less room than the rows need.
      std::size_t const most = tokens_.max_size();
      if (context >= most || rows > most / (context + 1)) throw std::bad_alloc();
      tokens_.resize(rows * (context + 1));
      laws_.resize(with_laws ? rows * context : 0);
    } catch (std::exception const&) {
      refuse(
          {"there is no memory for a batch of ", rows, " sequences of ", context + 1, " tokens"});
    }
  }
  batch(batch const&) = default;
  batch(batch&& other) noexcept
      : rows_(std::exchange(other.rows_, 0)), context_(std::exchange(other.context_, 0)),
        tokens_(std::move(other.tokens_)), laws_(std::move(other.laws_)),
        table_(std::move(other.table_)) {}
  batch& operator=(batch other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(context_, other.context_);
    std::swap(tokens_, other.tokens_);
    std::swap(laws_, other.laws_);
    std::swap(table_, other.table_);
    return *this;
  }
  ~batch() = default;

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t context() const { return context_; }
  [[nodiscard]] law_table const* table() const { return table_.get(); }

  /// [T + 1] tokens of row b.
  [[nodiscard]] std::span<token> tokens(std::size_t b) {
    return {tokens_.data() + b * (context_ + 1), context_ + 1};
  }
  [[nodiscard]] std::span<token const> tokens(std::size_t b) const {
    return {tokens_.data() + b * (context_ + 1), context_ + 1};
  }
  /// [T] laws of row b, empty if the batch carries none.
  [[nodiscard]] std::span<next_token_law> laws(std::size_t b) {
    if (laws_.empty()) return {};
    return {laws_.data() + b * context_, context_};
  }
  [[nodiscard]] std::span<next_token_law const> laws(std::size_t b) const {
    if (laws_.empty()) return {};
    return {laws_.data() + b * context_, context_};
  }
  /// A batch that holds row b alone.
  [[nodiscard]] batch only(std::size_t b) const {
    batch one(1, context_, table_, !laws_.empty());
    std::copy_n(tokens(b).begin(), context_ + 1, one.tokens_.begin());
    std::copy_n(laws(b).begin(), laws(b).size(), one.laws_.begin());
    return one;
  }
  [[nodiscard]] dormant::sequence sequence(std::size_t b) const {
    auto const row = tokens(b);
    return {b, row.first(context_), row.last(context_), laws(b), table_.get()};
  }

private:
  std::size_t rows_ = 0;
  std::size_t context_ = 0;
  std::vector<token> tokens_;        // [B, T + 1]
  std::vector<next_token_law> laws_; // [B, T] or empty
  std::shared_ptr<law_table const> table_;
};

} // namespace dormant
