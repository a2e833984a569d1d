// SPDX-License-Identifier: MIT
// Sequences of tokens together with the exact law each next token was drawn from.
#pragma once

#include "dormant/error.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/next_token_law.hpp" // IWYU pragma: export

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace dormant {

/// One sequence as the model and the hooks see it. Non-owning.
struct sequence {
  std::size_t index = 0;                ///< its row in the batch
  std::span<token const> inputs;        ///< [T], what the model reads
  std::span<token const> targets;       ///< [T], what it has to predict; one less at a text's end
  std::span<next_token_law const> laws; ///< [T], or empty where the task is unknown
  law_table const* table = nullptr;     ///< the rows `laws` speaks of

  [[nodiscard]] std::size_t length() const { return inputs.size(); }
  /// Whether position t holds a trigger; false where the task is unknown.
  [[nodiscard]] bool trigger(std::size_t t) const { return !laws.empty() && laws[t].trigger; }
  /// The first position whose prediction counts: that after the registers.
  [[nodiscard]] std::size_t scored_from() const {
    std::size_t first = 0;
    while (first < targets.size() && is_register(inputs[first])) ++first;
    return first;
  }
  /// Whether position t is one where attention may sink: registers, every
  /// `<s>`, and position 0 in any case.
  [[nodiscard]] bool sink(std::size_t t) const {
    return t == 0 || is_register(inputs[t]) || (table != nullptr && inputs[t] == table->bos);
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

/// B sequences of T + 1 tokens: inputs are the first T, targets the last T. Texts of any length may
/// be put in too, with `no_token` after their ends. One that was moved from is empty.
class batch {
public:
  batch() = default;
  /// Room for `rows` sequences with `context` inputs each.
  /// \param with_laws whether each position also carries the law of its next token
  /// \param most_copied room for so many tokens in the spread of each law; see `batch_for`
  /// \throws error if there is no memory for so many
  batch(std::size_t rows, std::size_t context, std::shared_ptr<law_table const> table = nullptr,
        bool with_laws = true, std::size_t most_copied = 0)
      : rows_(rows), context_(context), table_(std::move(table)) {
    try {
      // A product that wraps around would give less room than the rows need.
      std::size_t const most = tokens_.max_size();
      if (context >= most || rows > most / (context + 1)) throw std::bad_alloc();
      tokens_ = std::vector<token>(rows * (context + 1));
      laws_ = detail::law_memory(with_laws ? rows * context : 0, most_copied);
    } catch (std::exception const&) {
      refuse(
          {"there is no memory for a batch of ", rows, " sequences of ", context + 1, " tokens"});
    }
  }
  batch(batch const&) = default;
  batch(batch&& other) noexcept
      : rows_(std::exchange(other.rows_, 0)), context_(std::exchange(other.context_, 0)),
        tokens_(std::move(other.tokens_)), lengths_(std::move(other.lengths_)),
        laws_(std::move(other.laws_)), table_(std::move(other.table_)) {}
  batch& operator=(batch other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(context_, other.context_);
    std::swap(tokens_, other.tokens_);
    std::swap(lengths_, other.lengths_);
    std::swap(laws_, other.laws_);
    std::swap(table_, other.table_);
    return *this;
  }
  ~batch() = default;

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t context() const { return context_; }
  /// Inputs of row b, at most T.
  [[nodiscard]] std::size_t length(std::size_t b) const {
    return lengths_.empty() ? context_ : lengths_[b];
  }
  /// Makes row b a text that ends: all its tokens are inputs, and what follows them is unknown.
  /// \throws error if the text is empty or longer than T
  void set_text(std::size_t b, std::span<token const> text) {
    if (text.empty() || text.size() > context_) {
      refuse({"a text of ", text.size(), " tokens does not fit a batch of ", context_,
              " tokens a row"});
    }
    if (lengths_.empty()) lengths_.assign(rows_, context_);
    lengths_[b] = text.size();
    auto const row = tokens(b);
    std::copy(text.begin(), text.end(), row.begin());
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(text.size()), row.end(), no_token);
  }
  /// Positions whose next token is known, of all rows, without registers:
  /// those over which a loss is a mean.
  [[nodiscard]] std::size_t predicted() const {
    std::size_t sum = 0;
    for (std::size_t b = 0; b < rows_; ++b) {
      auto const row = sequence(b);
      sum += row.targets.size() - row.scored_from();
    }
    return sum;
  }
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
    if (laws_.all().empty()) return {};
    return laws_.all().subspan(b * context_, context_);
  }
  [[nodiscard]] std::span<next_token_law const> laws(std::size_t b) const {
    if (laws_.all().empty()) return {};
    return laws_.all().subspan(b * context_, context_);
  }
  /// A batch that holds row b alone.
  [[nodiscard]] batch only(std::size_t b) const {
    batch one(1, context_, table_, !laws_.all().empty(), laws_.room());
    std::copy_n(tokens(b).begin(), context_ + 1, one.tokens_.begin());
    if (!lengths_.empty()) one.lengths_ = {lengths_[b]};
    detail::law_memory::take(laws(b), one.laws_.all());
    return one;
  }
  [[nodiscard]] dormant::sequence sequence(std::size_t b) const {
    auto const row = tokens(b);
    std::size_t const inputs = length(b), known = row[inputs] == no_token ? inputs - 1 : inputs;
    return {b, row.first(inputs), row.subspan(1, known), laws(b), table_.get()};
  }

private:
  std::size_t rows_ = 0;
  std::size_t context_ = 0;
  std::vector<token> tokens_;        // [B, T + 1]
  std::vector<std::size_t> lengths_; // [B], or empty: all T
  detail::law_memory laws_;          // [B, T] or empty
  std::shared_ptr<law_table const> table_;
};

/// Texts as the rows of a batch, as long as the longest of them.
/// \throws error if there is none, or an empty one
[[nodiscard]] inline batch batch_of(std::span<std::vector<token> const> texts) {
  std::size_t longest = 0;
  for (auto const& text : texts) longest = std::max(longest, text.size());
  batch rows(texts.size(), longest, nullptr, false);
  for (std::size_t b = 0; b < texts.size(); ++b) rows.set_text(b, texts[b]);
  return rows;
}

/// An empty batch for rows of a task, with the room that its laws need.
template <class Task>
[[nodiscard]] batch batch_for(Task const& task, std::size_t rows, std::size_t context) {
  return {rows, context, task.table(), detail::knows_laws<Task>, detail::most_copied_of<Task>};
}
template <class Task>
[[nodiscard]] batch batch_for(Task const& task, std::size_t rows) {
  return batch_for(task, rows, task.context);
}

} // namespace dormant
