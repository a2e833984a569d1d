// SPDX-License-Identifier: MIT
// Trigger-conditional averaging: a Markov chain of characters in which the token after a trigger is
// any of those seen so far, each as likely as it was frequent. What a head has to do at triggers is
// to attend evenly to everything but `<s>`.
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/task/english.hpp"
#include "dormant/task/law_sampler.hpp"
#include "dormant/task/vocabulary.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace dormant {

struct trigger_average_options {
  std::size_t triggers = 3;               ///< how many of the most frequent characters are triggers
  std::uint64_t seed = 0;                 ///< of all sequences
  bigram_table table = english_bigrams(); ///< the law of what follows the other tokens
  std::size_t bos = 1;                    ///< number of leading `<s>`: 0, 1 or 2
  double average = 1; ///< probability that a trigger averages; else P(.|trigger) is drawn from
};

/// Sequences for a model of the given shape. The first character is drawn from the unigram law
/// without triggers; the characters seen so far are all since `<s>`, the trigger itself included.
///
/// Its law after a trigger names every token seen with its share, so a batch needs room for them:
/// `batch_for(task, rows)`.
template <shape Shape>
class trigger_average : public vocabulary<Shape.vocab> {
public:
  static constexpr std::size_t context = Shape.context; ///< T
  static constexpr std::size_t vocab = Shape.vocab;     ///< V
  static constexpr std::size_t most_copied = std::min(vocab, context);
  using vocabulary<vocab>::bos, vocabulary<vocab>::characters, vocabulary<vocab>::is_trigger,
      vocabulary<vocab>::trigger_tokens;

  /// Throws `dormant::error` as `bigram_backcopy` does.
  explicit trigger_average(trigger_average_options const& options = {})
      : vocabulary<vocab>(options.table, options.triggers), seed_(options.seed),
        leading_(options.bos), average_(options.average),
        laws_(detail::chain_laws(options.table, trigger_tokens(), vocab)) {
    detail::check_leading(options.bos);
    if (!(average_ >= 0 && average_ <= 1))
      refuse({"the probability of averaging must be between 0 and 1, found ", average_});
  }

  /// Fills one sequence: a pure function of (seed, which, step, row). Does not allocate.
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted
  /// Throws `dormant::error` if the laws have no room for the tokens they name.
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    detail::check_row(tokens.size(), laws.size());
    random_stream random(seed_, which, step, row);
    std::array<std::uint32_t, vocab> count{}; // of each character seen
    token current = bos();
    for (std::size_t n = 0; n < tokens.size(); ++n) {
      bool const stated = n > 0 && !laws.empty();
      if (stated) state(laws[n - 1], current, n, count);
      current = next(current, tokens.first(n), random);
      tokens[n] = current;
      if (n >= leading_) ++count[static_cast<std::size_t>(current)];
    }
  }

  /// Rows 0, 1, ... of the evaluation data, which training never sees. Another `draw`, other rows.
  [[nodiscard]] batch sample(std::size_t rows, std::uint64_t draw = 0) const {
    return detail::evaluation_rows(*this, rows, draw);
  }

  /// The rows that laws refer to, each over the whole vocabulary: what follows each character, then
  /// the law of the first character, then the unigram law.
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return laws_.table(); }
  [[nodiscard]] std::int32_t start_row() const { return static_cast<std::int32_t>(characters()); }
  [[nodiscard]] std::size_t leading_bos() const { return leading_; }

private:
  // The law of token n, after n tokens of which `current` is the last.
  void state(next_token_law& law, token current, std::size_t n,
             std::array<std::uint32_t, vocab> const& count) const {
    law.copied = 0;
    law.copy_weight = 0;
    law.trigger = n > leading_ && is_trigger(current);
    law.spread.clear();
    law.row = n > leading_ ? current : start_row();
    if (n < leading_) {
      law.copied = bos();
      law.copy_weight = 1;
    } else if (law.trigger) {
      law.copy_weight = average_;
      auto const seen = static_cast<double>(n - leading_);
      for (std::size_t v = 0; average_ > 0 && v < characters(); ++v) {
        if (count[v] > 0) law.spread.add(static_cast<token>(v), count[v] / seen);
      }
    }
  }
  [[nodiscard]] token next(token current, std::span<token const> before,
                           random_stream& random) const {
    if (before.size() < leading_) return bos();
    if (before.size() == leading_) return laws_.draw({.row = start_row()}, random);
    if (is_trigger(current) && (average_ >= 1 || random.uniform() < average_)) {
      auto const seen = before.subspan(leading_); // one of the positions, all alike
      return seen[random.below(seen.size())];
    }
    return laws_.draw({.row = current}, random);
  }

  std::uint64_t seed_;
  std::size_t leading_; // number of <s> that a sequence begins with
  double average_;
  law_sampler laws_;
};

} // namespace dormant
