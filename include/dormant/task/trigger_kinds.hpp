// SPDX-License-Identifier: MIT
// Triggers of several kinds (after arXiv 2602.01203, in which a sink routes between heads): a
// Markov chain of characters in which a trigger of kind k copies a token d_k places before it. One
// head a kind is enough, and at the triggers of the other kinds it has nothing to do.
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
#include <vector>

namespace dormant {

struct trigger_kinds_options {
  /// How many of the most frequent characters are triggers, and of which kind: 1, 2, 1, 2, ...
  std::size_t triggers = 4;
  std::uint64_t seed = 0;                   ///< of all sequences
  bigram_table table = english_bigrams();   ///< the law of what follows the other tokens
  std::size_t bos = 1;                      ///< number of leading `<s>`: 0, 1 or 2
  std::vector<std::size_t> distances{1, 2}; ///< how far back kind 1, 2, ... looks
  double copy = 1; ///< probability that a trigger copies; else P(.|trigger) is drawn from
};

/// Sequences for a model of the given shape. The first character is drawn from
/// the unigram law without triggers.
///
/// A trigger is never copied, or the chain would end in a loop of triggers: where one stands at the
/// distance, the nearest other character before it is copied. Under pure copying two triggers never
/// follow each other, so this is the token before, and distance 1 is Bigram-Backcopy. Where a
/// sequence does not reach so far back, its first character is copied.
template <shape Shape>
class trigger_kinds : public vocabulary<Shape.vocab> {
public:
  static constexpr std::size_t context = Shape.context; ///< T
  static constexpr std::size_t vocab = Shape.vocab;     ///< V
  using vocabulary<vocab>::bos, vocabulary<vocab>::characters, vocabulary<vocab>::is_trigger,
      vocabulary<vocab>::trigger_tokens;

  /// Throws `dormant::error` as `bigram_backcopy` does, and for kinds without a
  /// trigger or that do not look back.
  explicit trigger_kinds(trigger_kinds_options const& options = {})
      : vocabulary<vocab>(options.table, options.triggers), seed_(options.seed),
        leading_(options.bos), distances_(options.distances), copy_(options.copy),
        laws_(detail::chain_laws(options.table, trigger_tokens(), vocab)) {
    check_options(options);
    for (std::size_t i = 0; i < trigger_tokens().size(); ++i)
      kind_[static_cast<std::size_t>(trigger_tokens()[i])] = 1 + i % distances_.size();
  }

  /// Fills one sequence: a pure function of (seed, which, step, row). Does not allocate.
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    detail::check_row(tokens.size(), laws.size());
    random_stream random(seed_, which, step, row);
    for (std::size_t n = 0; n < tokens.size(); ++n) {
      auto const law = law_after(tokens.first(n));
      tokens[n] = laws_.draw(law, random);
      if (n > 0 && !laws.empty()) laws[n - 1] = law;
    }
  }

  /// Rows 0, 1, ... of the evaluation data, which training never sees. Another `draw`, other rows.
  [[nodiscard]] batch sample(std::size_t rows, std::uint64_t draw = 0) const {
    return detail::evaluation_rows(*this, rows, draw);
  }

  /// The law of the token after the beginning of a sequence, which may be empty.
  [[nodiscard]] next_token_law law_after(std::span<token const> tokens) const {
    if (tokens.size() < leading_) return {start_row(), bos(), 1, false};
    if (tokens.size() == leading_) return {start_row(), 0, 0, false};
    auto const current = tokens.back();
    if (!is_trigger(current)) return {current, 0, 0, false};
    return {current, tokens[source_of(tokens, tokens.size() - 1)], copy_, true};
  }
  /// The position that the trigger at position t copies from: where a head of its kind has to look.
  [[nodiscard]] std::size_t source_of(std::span<token const> tokens, std::size_t t) const {
    auto const distance = distances_[kind_of(tokens[t]) - 1];
    auto from = t - std::min(distance, t - leading_);
    while (is_trigger(tokens[from])) --from; // the first character is none
    return from;
  }
  /// 1, 2, ... of a trigger, 0 of any other token. A batch has no place for kinds, and needs none:
  /// that of position t is `kind_of(row.inputs[t])`.
  [[nodiscard]] std::size_t kind_of(token t) const { return kind_[static_cast<std::size_t>(t)]; }
  [[nodiscard]] std::size_t kinds() const { return distances_.size(); }

  /// The rows that laws refer to, each over the whole vocabulary: what follows each character, then
  /// the law of the first character, then the unigram law.
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return laws_.table(); }
  [[nodiscard]] std::int32_t start_row() const { return static_cast<std::int32_t>(characters()); }
  [[nodiscard]] std::size_t leading_bos() const { return leading_; }

private:
  static void check_options(trigger_kinds_options const& options) {
    detail::check_leading(options.bos);
    auto const kinds = options.distances.size();
    if (kinds == 0 || (options.triggers > 0 && options.triggers < kinds)) {
      refuse({"every kind needs a trigger, but here are ", kinds, " kinds and ", options.triggers,
              " triggers"});
    }
    if (std::ranges::find(options.distances, std::size_t{0}) != options.distances.end())
      refuse({"a trigger copies from at least 1 place before it, found 0"});
    if (!(options.copy >= 0 && options.copy <= 1))
      refuse({"the probability of copying must be between 0 and 1, found ", options.copy});
  }
  std::uint64_t seed_;
  std::size_t leading_;                // number of <s> that a sequence begins with
  std::vector<std::size_t> distances_; // [kind - 1]
  double copy_;
  std::array<std::size_t, vocab> kind_{}; // of each token
  law_sampler laws_;
};

} // namespace dormant
