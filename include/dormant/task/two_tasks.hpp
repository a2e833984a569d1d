// SPDX-License-Identifier: MIT
// Two tasks in one sequence, with a delimiter between them (arXiv 2410.13835, appendix): the rule
// of a position depends on whether `<d>` has come before it.
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/task/bigram_backcopy.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace dormant {

struct two_tasks_options {
  std::uint64_t seed = 0; ///< of all sequences
  std::size_t bos = 1;    ///< number of leading `<s>`: 0, 1 or 2
  /// The rule a sequence begins with. Its `delimiters` is the probability, after every character,
  /// that `<d>` ends this part; its own seed and number of `<s>` do not count.
  bigram_backcopy_options first{.delimiters = 1.0 / 32};
  /// The rule after `<d>`. With `delimiters` of its own, another `<d>` leads back to the first.
  bigram_backcopy_options second{.rule = plain_markov};
};

/// Sequences for a model of the given shape. Each part begins with a first character of its task.
/// The tasks may differ in everything but the characters: rule, triggers, counts. Which of them is
/// at work is known from the tokens so far, so the law of every position is exact.
template <shape Shape>
class two_tasks {
public:
  static constexpr std::size_t context = Shape.context; ///< T
  static constexpr std::size_t vocab = Shape.vocab;     ///< V

  /// Throws `dormant::error` as `bigram_backcopy` does, if the tables have other characters, or if
  /// the first part would never end.
  explicit two_tasks(two_tasks_options const& options = {})
      : seed_(options.seed), leading_(options.bos), parts_{bigram_backcopy<Shape>(options.first),
                                                           bigram_backcopy<Shape>(options.second)} {
    detail::check_leading(options.bos);
    if (options.first.table.characters != options.second.table.characters)
      refuse({"the tables of two tasks need the same characters in the same order"});
    if (options.first.delimiters <= 0) {
      refuse({"the first of two tasks needs a probability of <d> above 0, or the second never "
              "begins"});
    }
    auto const& tables = {parts_[0].table(), parts_[1].table()};
    auto both = std::make_shared<law_table>(first_rows() + parts_[1].table()->rows, vocab);
    both->unigram_row = parts_[0].unigram_row();
    both->bos = bos();
    auto to = both->probabilities.begin();
    auto to_entropy = both->entropies.begin();
    for (auto const& table : tables) {
      to = std::ranges::copy(table->probabilities, to).out;
      to_entropy = std::ranges::copy(table->entropies, to_entropy).out;
    }
    table_ = std::move(both);
  }
  // Moving copies, as it does for the parts.
  two_tasks(two_tasks const&) = default;
  two_tasks& operator=(two_tasks const&) = default;
  ~two_tasks() = default;

  /// Fills one sequence: a pure function of (seed, which, step, row). Does not allocate.
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    detail::check_row(tokens.size(), laws.size());
    random_stream random(seed_, which, step, row);
    std::size_t part = 0;
    token previous = bos(), current = bos();
    for (std::size_t n = 0; n < tokens.size(); ++n) {
      auto const& task = parts_[part];
      auto const law = n >= leading_ ? task.law_after(previous, current)
                                     : next_token_law{task.start_row(), bos(), 1, false};
      previous = std::exchange(current, task.draw(law, random));
      tokens[n] = current;
      if (n > 0 && !laws.empty()) laws[n - 1] = in_table(part, law);
      if (current == delimiter()) part = 1 - part;
    }
  }

  /// Rows 0, 1, ... of the evaluation data, which training never sees. Another `draw`, other rows.
  [[nodiscard]] batch sample(std::size_t rows, std::uint64_t draw = 0) const {
    return detail::evaluation_rows(*this, rows, draw);
  }

  /// All that the next token depends on, see `bigram_backcopy`: those of the first part, then those
  /// of the second.
  [[nodiscard]] std::size_t memories() const { return 2 * parts_[0].memories(); }
  [[nodiscard]] next_token_law law_at(std::size_t memory) const {
    auto const part = memory / parts_[0].memories();
    return in_table(part, parts_[part].law_at(memory % parts_[0].memories()));
  }
  [[nodiscard]] std::size_t memory_after(std::size_t memory, token next) const {
    auto const each = parts_[0].memories();
    auto const part = memory / each;
    auto const after = next == delimiter() ? 1 - part : part;
    return after * each + parts_[part].memory_after(memory % each, next);
  }

  /// The rows of the first task, then those of the second.
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return table_; }
  /// The task of part 0 or 1, for its triggers and the rows of its laws.
  [[nodiscard]] bigram_backcopy<Shape> const& part(std::size_t which) const {
    return parts_[which];
  }
  [[nodiscard]] std::size_t characters() const { return parts_[0].characters(); } ///< N
  [[nodiscard]] token bos() const { return parts_[0].bos(); }                     ///< `<s>`
  [[nodiscard]] token delimiter() const { return parts_[0].delimiter(); }         ///< `<d>`
  [[nodiscard]] std::size_t leading_bos() const { return leading_; }
  /// How figures show a token. Throws `dormant::error` outside the vocabulary.
  [[nodiscard]] std::string token_name(token t) const { return parts_[0].token_name(t); }

private:
  [[nodiscard]] std::size_t first_rows() const { return parts_[0].table()->rows; }
  /// A law of one part as a law of the common table.
  [[nodiscard]] next_token_law in_table(std::size_t part, next_token_law law) const {
    if (part == 1) law.row += static_cast<std::int32_t>(first_rows());
    return law;
  }

  std::uint64_t seed_;
  std::size_t leading_; // number of <s> that a sequence begins with
  bigram_backcopy<Shape> parts_[2];
  std::shared_ptr<law_table const> table_;
};

} // namespace dormant
