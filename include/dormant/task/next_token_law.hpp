// SPDX-License-Identifier: MIT
// The exact law of the next token: a row of a table that all sequences of a task share, mixed with
// what is copied from the sequence, one token or several with weights.
#pragma once

#include "dormant/error.hpp"
#include "dormant/shape.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
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

/// A token and its share of what a law copies.
struct weighted_token {
  token id = 0;
  double weight = 0;

  friend constexpr bool operator==(weighted_token const&, weighted_token const&) = default;
};

/// A list of weighted tokens in memory that somebody else owns: mostly the batch that the law
/// belongs to. A copy is the same list in the same memory.
class token_spread {
public:
  constexpr token_spread() = default;
  /// An empty list with that much room.
  explicit constexpr token_spread(std::span<weighted_token> room)
      : first_(room.data()), room_(static_cast<std::uint32_t>(room.size())) {}

  [[nodiscard]] constexpr weighted_token const* begin() const { return first_; }
  [[nodiscard]] constexpr weighted_token const* end() const { return first_ + size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr std::size_t room() const { return room_; }

  constexpr void clear() { size_ = 0; }
  /// Appends a token, each at most once.
  /// \throws error without room for it
  constexpr void add(token id, double weight) {
    if (size_ == room_) {
      refuse({"a law names more tokens than the ", room_,
              " it has room for; a task says how many "
              "its laws name as a static most_copied, and batch_for(task, rows) makes the room"});
    }
    first_[size_++] = {id, weight};
  }
  friend constexpr bool operator==(token_spread const& a, token_spread const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

private:
  weighted_token* first_ = nullptr;
  std::uint32_t size_ = 0, room_ = 0;
};

/// The law of the token that follows one position: a row of the law table and, with probability
/// `copy_weight`, what is copied:
/// `(1 - copy_weight) * table.row(row) + copy_weight * one_hot(copied)`, or the tokens of `spread`
/// with their weights instead of `one_hot(copied)`.
struct next_token_law {
  std::int32_t row = 0;   ///< which row of the law table
  token copied = 0;       ///< the token that is copied, where `spread` is empty
  double copy_weight = 0; ///< 1 at a trigger of Bigram-Backcopy, 0 elsewhere
  bool trigger = false;   ///< whether the position holds a trigger token
  /// Tokens that are copied, with weights that sum to 1: with a
  /// `copy_weight` of 1 any law there is.
  token_spread spread{};

  friend constexpr bool operator==(next_token_law const&, next_token_law const&) = default;
};

namespace detail {
/// Laws and the memory of their spreads, which copies have of their own.
class law_memory {
public:
  law_memory() = default;
  /// \param each room for so many tokens in the spread of each law
  law_memory(std::size_t laws, std::size_t each) : laws_(laws), tokens_(laws * each) {
    for (std::size_t i = 0; each > 0 && i < laws; ++i)
      laws_[i].spread = token_spread({tokens_.data() + i * each, each});
  }
  law_memory(law_memory const& other) : law_memory(other.laws_.size(), other.room()) {
    take(other.all(), all());
  }
  law_memory(law_memory&&) noexcept = default;
  law_memory& operator=(law_memory const& other) { return *this = law_memory(other); }
  law_memory& operator=(law_memory&&) noexcept = default;
  ~law_memory() = default;

  [[nodiscard]] std::span<next_token_law> all() { return laws_; }
  [[nodiscard]] std::span<next_token_law const> all() const { return laws_; }
  [[nodiscard]] std::size_t room() const {
    return laws_.empty() ? 0 : tokens_.size() / laws_.size();
  }

  /// Copies laws, and their spreads into the memory that is theirs here, if they have any.
  static void take(std::span<next_token_law const> from, std::span<next_token_law> to) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      auto own = to[i].spread;
      to[i] = from[i];
      if (own.room() == 0) continue;
      own.clear();
      for (auto const& [id, weight] : from[i].spread) own.add(id, weight);
      to[i].spread = own;
    }
  }

private:
  std::vector<next_token_law> laws_;
  std::vector<weighted_token> tokens_; // [laws, room]
};

/// Whether the context of a task belongs to its type; else it is known at run time only.
template <class Task>
concept fixed_context = !std::is_member_object_pointer_v<decltype(&Task::context)>;

/// How many tokens the laws of a task name at most, `Task::most_copied`; 0 if it does not say.
template <class Task>
inline constexpr std::size_t most_copied_of = [] {
  if constexpr (requires { Task::most_copied; }) return std::size_t{Task::most_copied};
  return std::size_t{0};
}();

/// Whether a task knows the law of each next token, as all do that do not say otherwise.
template <class Task>
inline constexpr bool knows_laws = [] {
  if constexpr (requires { Task::knows_laws; }) return bool{Task::knows_laws};
  return true;
}();
} // namespace detail

} // namespace dormant
