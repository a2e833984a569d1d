// SPDX-License-Identifier: MIT
// The Bigram-Backcopy task (arXiv 2410.13835, section 2): a Markov chain of characters that, after
// a trigger token, copies the token before the trigger: x[n+1] = x[n-1].
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/task/english.hpp"
#include "dormant/task/law_sampler.hpp"
#include "dormant/task/trigger_rule.hpp"
#include "dormant/task/vocabulary.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace dormant {

struct bigram_backcopy_options {
  std::size_t triggers = 3;               ///< how many of the most frequent characters are triggers
  std::uint64_t seed = 0;                 ///< of all sequences
  bigram_table table = english_bigrams(); ///< the law of what follows the other tokens
  std::size_t bos = 1;                    ///< number of leading `<s>`: 0, 1 or 2
  trigger_rule rule = backcopy;           ///< what follows a trigger
  double delimiters = 0;                  ///< probability that `<d>` follows a character
};

/// Sequences for a model of the given shape. The first character is drawn from the unigram law
/// without triggers, renormalised, so a trigger always has a character before it and, under
/// `backcopy`, two triggers never follow each other.
///
/// Delimiters: whatever the character, a trigger or not, `<d>` follows it with probability p and
/// the law above with 1 - p. After `<d>` a sequence begins anew, with a first character. (The
/// authors' code has no `<d>` after a trigger: there it always copies.)
template <shape Shape>
class bigram_backcopy : public vocabulary<Shape.vocab> {
public:
  static constexpr std::size_t context = Shape.context; ///< T
  static constexpr std::size_t vocab = Shape.vocab;     ///< V
  using vocabulary<vocab>::bos, vocabulary<vocab>::characters, vocabulary<vocab>::delimiter,
      vocabulary<vocab>::is_trigger, vocabulary<vocab>::trigger_tokens;

  /// Throws `dormant::error` if the characters do not fit into the vocabulary beside `<s>` and
  /// `<d>`, if every character would be a trigger, if the table is unusable, or if a probability is
  /// none.
  explicit bigram_backcopy(bigram_backcopy_options const& options = {})
      : vocabulary<vocab>(options.table, options.triggers), seed_(options.seed),
        leading_(options.bos), rule_(options.rule), copy_(rule_.copy),
        delimiters_(options.delimiters),
        laws_(rows(), delimiters_ > 0 ? characters() + 2 : characters(), vocab) {
    check_options(options);
    make_laws(options.table);
  }

  /// Fills one sequence: a pure function of (seed, which, step, row). Does not allocate.
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    detail::check_row(tokens.size(), laws.size());
    random_stream random(seed_, which, step, row);
    token previous = bos(), current = bos();
    for (std::size_t n = 0; n < tokens.size(); ++n) {
      auto const law = n > leading_    ? law_after(previous, current)
                       : n == leading_ ? law_of_start()
                                       : next_token_law{start_row(), bos(), 1, false};
      previous = std::exchange(current, draw(law, random));
      tokens[n] = current;
      if (n > 0 && !laws.empty()) laws[n - 1] = law;
    }
  }

  /// Rows 0, 1, ... of the evaluation data, which training never sees. Another `draw`, other rows.
  [[nodiscard]] batch sample(std::size_t rows, std::uint64_t draw = 0) const {
    return detail::evaluation_rows(*this, rows, draw);
  }

  /// The law of the token after `current`, a character or `<d>`, when
  /// the one before was `previous`.
  [[nodiscard]] next_token_law law_after(token previous, token current) const {
    if (current >= bos()) return law_of_start();
    if (!is_trigger(current)) return {current, 0, 0, false};
    bool const back = rule_.otherwise == trigger_rule::row::previous;
    return {trigger_rows_ + (back ? previous : current), previous, copy_, true};
  }
  /// The law of the first character, and of the one after `<d>`.
  [[nodiscard]] next_token_law law_of_start() const { return {start_row(), 0, 0, false}; }
  /// One token from a law of this task.
  [[nodiscard]] token draw(next_token_law const& law, random_stream& random) const {
    return laws_.draw(law, random);
  }

  /// All that the next token depends on, as a number below `memories()`: 0 at the start and after
  /// `<d>`, else the character and, if it is a trigger, the one before it.
  [[nodiscard]] std::size_t memories() const { return 1 + characters() * characters(); }
  [[nodiscard]] next_token_law law_at(std::size_t memory) const {
    if (memory == 0) return law_of_start();
    auto const n = characters();
    return law_after(static_cast<token>((memory - 1) % n), static_cast<token>((memory - 1) / n));
  }
  /// What is remembered once `next` has followed.
  [[nodiscard]] std::size_t memory_after(std::size_t memory, token next) const {
    if (next >= bos()) return 0;
    bool const looks_back = is_trigger(next) && memory != 0;
    auto const previous = looks_back ? (memory - 1) / characters() : 0;
    return 1 + static_cast<std::size_t>(next) * characters() + previous;
  }

  /// The rows that laws refer to, each over the whole vocabulary: what follows each character, then
  /// the two below, then, with delimiters, what follows a trigger that does not copy.
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return laws_.table(); }
  /// The exact law of the first character: unigram without triggers, renormalised.
  [[nodiscard]] std::int32_t start_row() const { return static_cast<std::int32_t>(characters()); }
  /// The plain unigram law, which the authors' probe scores position 0 with.
  [[nodiscard]] std::int32_t unigram_row() const { return start_row() + 1; }
  [[nodiscard]] std::size_t leading_bos() const { return leading_; }
  /// The probability that `<d>` follows a character.
  [[nodiscard]] double delimiters() const { return delimiters_; }

private:
  static void check_options(bigram_backcopy_options const& options) {
    detail::check_leading(options.bos);
    if (!(options.rule.copy >= 0 && options.rule.copy <= 1)) {
      refuse({"the probability of copying must be between 0 and 1, found ", options.rule.copy});
    }
    if (!(options.delimiters >= 0 && options.delimiters <= 1)) {
      refuse({"the probability of <d> must be between 0 and 1, found ", options.delimiters});
    }
  }
  [[nodiscard]] std::size_t rows() const {
    return characters() + 2 + (delimiters_ > 0 ? characters() : 0);
  }

  void make_laws(bigram_table const& table) {
    auto const n = characters();
    std::vector<double> weights(delimiters_ > 0 ? n + 2 : n); // [K]
    // With probability d the delimiter, else as the counts say.
    auto const set = [&](std::size_t row, auto const& counts, double d) {
      for (std::size_t k = 0; k < n; ++k) weights[k] = (1 - d) * static_cast<double>(counts[k]);
      if (weights.size() > n)
        weights[n + 1] = d * std::accumulate(counts.begin(), counts.end(), 0.0);
      laws_.set_row(row, weights);
    };
    auto const start = detail::starting_counts(table, trigger_tokens());
    for (std::size_t v = 0; v < n; ++v) set(v, table.row(v), delimiters_);
    set(n, start, 0);
    set(n + 1, table.unigrams, 0);
    laws_.set_unigram_row(unigram_row());
    laws_.set_bos(bos());
    if (delimiters_ == 0) return;

    // A trigger copies with probability (1 - p) c, so <d> has to be the p / (1 - (1 - p) c)-th part
    // of what is drawn otherwise; all of it if c is 1, whatever the rounding.
    copy_ = (1 - delimiters_) * rule_.copy;
    trigger_rows_ = start_row() + 2;
    double const otherwise = 1 - copy_;
    double const d = rule_.copy < 1 ? std::min(delimiters_ / otherwise, 1.0) : 1;
    for (std::size_t v = 0; v < n; ++v) set(n + 2 + v, table.row(v), d);
  }

  std::uint64_t seed_;
  std::size_t leading_; // number of <s> that a sequence begins with
  trigger_rule rule_;
  double copy_;                   // probability that a trigger copies: c, or (1 - p) c
  double delimiters_;             // p
  std::int32_t trigger_rows_ = 0; // where the rows of triggers begin
  law_sampler laws_;
};

} // namespace dormant
