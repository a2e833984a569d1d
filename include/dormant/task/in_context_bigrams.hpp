// SPDX-License-Identifier: MIT
// In-context bigrams (Bietti et al. 2023, arXiv 2306.00802, section 3): a Markov
// chain of characters in which every sequence has drawn, for each trigger v, the
// token o_v that always follows it.
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
#include <iterator>
#include <memory>
#include <span>
#include <vector>

namespace dormant {

/// What a sequence draws the output o_v of trigger v from.
enum class output_law : std::uint8_t {
  uniform, ///< all characters alike
  unigram, ///< as often as they occur
  bigram,  ///< P(.|v): a model that knows nothing of the sequence loses least
};

struct in_context_bigrams_options {
  std::size_t triggers = 3;               ///< how many of the most frequent characters are triggers
  std::uint64_t seed = 0;                 ///< of all sequences
  bigram_table table = english_bigrams(); ///< the law of what follows the other tokens
  std::size_t bos = 1;                    ///< number of leading `<s>`: 0, 1 or 2
  output_law outputs = output_law::uniform;
  bool repeat = true; ///< whether a trigger may be its own output, and then comes for ever
};

/// Sequences for a model of the given shape; the first character is drawn from the unigram law.
///
/// The law of each position is that of the best predictor, which knows the table, the triggers and
/// the tokens so far, but not the outputs: where a trigger comes for the first time its output is
/// drawn from `outputs`, later it is a point mass. Outputs are independent of each other and tell
/// nothing before they are seen, so this is exact, and no predictor has a smaller risk.
template <shape Shape>
class in_context_bigrams : public vocabulary<Shape.vocab> {
public:
  static constexpr std::size_t context = Shape.context; ///< T
  static constexpr std::size_t vocab = Shape.vocab;     ///< V
  static constexpr token unseen = -1;                   ///< the output of a trigger yet to come
  using vocabulary<vocab>::bos, vocabulary<vocab>::characters, vocabulary<vocab>::is_trigger;

  /// Throws `dormant::error` as `bigram_backcopy` does, and if a trigger has no output to draw.
  explicit in_context_bigrams(in_context_bigrams_options const& options = {})
      : vocabulary<vocab>(options.table, options.triggers), seed_(options.seed),
        leading_(options.bos), laws_(characters() + 1, characters(), vocab) {
    detail::check_leading(options.bos);
    make_laws(options);
  }

  /// Fills one sequence: a pure function of (seed, which, step, row). Does not allocate.
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    detail::check_row(tokens.size(), laws.size());
    random_stream random(seed_, which, step, row);
    std::array<token, vocab> output; // of each trigger, as far as the sequence has shown it
    output.fill(unseen);
    token current = bos();
    for (std::size_t n = 0; n < tokens.size(); ++n) {
      auto& known = output[static_cast<std::size_t>(current)];
      auto const law = n > leading_    ? law_after(current, known)
                       : n == leading_ ? law_of_start()
                                       : next_token_law{unigram_row(), bos(), 1, false};
      // Drawn when it is first needed, which is the same as at the beginning.
      known = current = laws_.draw(law, random);
      tokens[n] = current;
      if (n > 0 && !laws.empty()) laws[n - 1] = law;
    }
  }

  /// Rows 0, 1, ... of the evaluation data, which training never sees. Another `draw`, other rows.
  [[nodiscard]] batch sample(std::size_t rows, std::uint64_t draw = 0) const {
    return detail::evaluation_rows(*this, rows, draw);
  }

  /// The law of the token after `current` in a sequence that has shown `output` as the output of
  /// this trigger, or `unseen`.
  [[nodiscard]] next_token_law law_after(token current, token output) const {
    if (!is_trigger(current)) return {current, 0, 0, false};
    if (output == unseen) return {current, 0, 0, true};
    return {current, output, 1, true};
  }
  [[nodiscard]] next_token_law law_of_start() const { return {unigram_row(), 0, 0, false}; }

  /// The rows that laws refer to, each over the whole vocabulary: P(.|v) or, of a trigger, the law
  /// of its output, in row v, then the unigram law.
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return laws_.table(); }
  [[nodiscard]] std::int32_t unigram_row() const { return static_cast<std::int32_t>(characters()); }
  [[nodiscard]] std::size_t leading_bos() const { return leading_; }

private:
  void make_laws(in_context_bigrams_options const& options) {
    auto const& [triggers, seed, table, leading, outputs, repeat] = options;
    auto const n = characters();
    std::vector<double> weights(n);
    for (std::size_t v = 0; v < n; ++v) {
      bool const trigger = is_trigger(static_cast<token>(v));
      if (trigger && outputs == output_law::uniform) {
        std::ranges::fill(weights, 1.0);
      } else {
        bool const by_unigram = trigger && outputs == output_law::unigram;
        std::ranges::copy(by_unigram ? std::span(table.unigrams) : table.row(v), weights.begin());
      }
      if (trigger && !repeat) weights[v] = 0;
      if (std::ranges::count(weights, 0.0) == std::ssize(weights)) {
        refuse({"the trigger '", this->token_name(static_cast<token>(v)), "' (id ", v,
                ") has no output to draw but itself"});
      }
      laws_.set_row(v, weights);
    }
    std::ranges::copy(table.unigrams, weights.begin());
    laws_.set_row(n, weights);
    laws_.set_unigram_row(unigram_row());
    laws_.set_bos(bos());
  }

  std::uint64_t seed_;
  std::size_t leading_; // number of <s> that a sequence begins with
  law_sampler laws_;
};

} // namespace dormant
