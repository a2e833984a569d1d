// SPDX-License-Identifier: MIT
// Broadcast: a Markov chain of characters in which one early token, the first character, is the
// answer that later positions need. What a head has to do there is to attend to one position, the
// same for all: a sink that carries something, unlike one that carries nothing.
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/task/english.hpp"
#include "dormant/task/law_sampler.hpp"
#include "dormant/task/vocabulary.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace dormant {

struct broadcast_options {
  std::size_t triggers = 3;               ///< how many of the most frequent characters are triggers
  std::uint64_t seed = 0;                 ///< of all sequences
  bigram_table table = english_bigrams(); ///< the law of what follows the other tokens
  std::size_t bos = 1;                    ///< number of leading `<s>`: 0, 1 or 2
  double at_triggers = 1; ///< probability that the answer follows a trigger; else P(.|trigger)
  double elsewhere = 0;   ///< probability that it follows any other character; else P(.|character)
};

/// Sequences for a model of the given shape. The answer is the first character, the token after the
/// last `<s>`, drawn from the unigram law without triggers. With `elsewhere` above 0 every position
/// needs it; `{.triggers = 0, .elsewhere = 0.5}` knows no triggers at all.
template <shape Shape>
class broadcast : public vocabulary<Shape.vocab> {
public:
  static constexpr std::size_t context = Shape.context; ///< T
  static constexpr std::size_t vocab = Shape.vocab;     ///< V
  using vocabulary<vocab>::bos, vocabulary<vocab>::characters, vocabulary<vocab>::is_trigger,
      vocabulary<vocab>::trigger_tokens;

  /// Throws `dormant::error` as `bigram_backcopy` does.
  explicit broadcast(broadcast_options const& options = {})
      : vocabulary<vocab>(options.table, options.triggers), seed_(options.seed),
        leading_(options.bos), answers_{options.elsewhere, options.at_triggers},
        laws_(detail::chain_laws(options.table, trigger_tokens(), vocab)) {
    detail::check_leading(options.bos);
    for (double const p : answers_)
      if (!(p >= 0 && p <= 1))
        refuse({"the probability of the answer must be between 0 and 1, found ", p});
  }

  /// Fills one sequence: a pure function of (seed, which, step, row). Does not allocate.
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    detail::check_row(tokens.size(), laws.size());
    random_stream random(seed_, which, step, row);
    for (std::size_t n = 0; n < tokens.size(); ++n) {
      auto const law = n > leading_    ? law_after(tokens[leading_], tokens[n - 1])
                       : n == leading_ ? law_of_start()
                                       : next_token_law{start_row(), bos(), 1, false};
      tokens[n] = laws_.draw(law, random);
      if (n > 0 && !laws.empty()) laws[n - 1] = law;
    }
  }

  /// Rows 0, 1, ... of the evaluation data, which training never sees. Another `draw`, other rows.
  [[nodiscard]] batch sample(std::size_t rows, std::uint64_t draw = 0) const {
    return detail::evaluation_rows(*this, rows, draw);
  }

  /// The law of the token after a character, in a sequence whose first character was `answer`.
  [[nodiscard]] next_token_law law_after(token answer, token current) const {
    bool const trigger = is_trigger(current);
    return {current, answer, answers_[trigger], trigger};
  }
  /// The law of the first character.
  [[nodiscard]] next_token_law law_of_start() const { return {start_row(), 0, 0, false}; }

  /// All that the next token depends on, as a number below `memories()`: 0 at the start, else the
  /// answer and the character.
  [[nodiscard]] std::size_t memories() const { return 1 + characters() * characters(); }
  [[nodiscard]] next_token_law law_at(std::size_t memory) const {
    if (memory == 0) return law_of_start();
    auto const n = characters();
    return law_after(static_cast<token>((memory - 1) / n), static_cast<token>((memory - 1) % n));
  }
  /// What is remembered once `next` has followed: the first character as the answer, too.
  [[nodiscard]] std::size_t memory_after(std::size_t memory, token next) const {
    auto const n = characters(), now = static_cast<std::size_t>(next);
    auto const answer = memory == 0 ? now : (memory - 1) / n;
    return 1 + answer * n + now;
  }

  /// The rows that laws refer to, each over the whole vocabulary: what follows each character, then
  /// the law of the first character, then the unigram law.
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return laws_.table(); }
  [[nodiscard]] std::int32_t start_row() const { return static_cast<std::int32_t>(characters()); }
  [[nodiscard]] std::size_t leading_bos() const { return leading_; }
  /// The position that holds the answer.
  [[nodiscard]] std::size_t answer_position() const { return leading_; }

private:
  std::uint64_t seed_;
  std::size_t leading_; // number of <s> that a sequence begins with
  double answers_[2];   // probability of the answer, [trigger]
  law_sampler laws_;
};

} // namespace dormant
