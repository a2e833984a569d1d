// SPDX-License-Identifier: MIT
// The Bigram-Backcopy task (arXiv 2410.13835, section 2): a Markov chain of characters that, after a
// trigger token, copies the token before the trigger: x[n+1] = x[n-1].
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/alias_table.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/task/english.hpp"
#include "dormant/task/trigger_rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dormant {

struct bigram_backcopy_options {
  std::size_t triggers = 3;               ///< how many of the most frequent characters are triggers
  std::uint64_t seed = 0;                 ///< of all sequences
  bigram_table table = english_bigrams(); ///< the law of what follows the other tokens
  std::size_t bos = 1;                    ///< number of leading `<s>`: 0, 1 or 2
  trigger_rule rule = backcopy;           ///< what follows a trigger
};

/// Sequences for a model of the given shape. Token ids: the N characters of the table, then `<s>`
/// (N), then `<d>` (N + 1); the vocabulary may be larger, then the remaining ids never occur.
/// The first character is drawn from the unigram law without triggers, renormalised, so a trigger
/// always has a character before it and, under `backcopy`, two triggers never follow each other.
template <shape Shape>
class bigram_backcopy {
public:
  static constexpr std::size_t context = Shape.context; ///< T
  static constexpr std::size_t vocab = Shape.vocab;     ///< V

  /// Throws `dormant::error` if the characters do not fit into the vocabulary beside `<s>` and
  /// `<d>`, if every character would be a trigger, or if the table is unusable.
  explicit bigram_backcopy(bigram_backcopy_options const& options = {})
      : seed_(options.seed), leading_(options.bos), rule_(options.rule),
        characters_(options.table.size()), alphabet_(options.table.characters) {
    check_options(options);
    choose_triggers(options.table, options.triggers);
    make_laws(options.table);
  }

  /// Fills one sequence: a pure function of (seed, which, step, row). Does not allocate.
  /// \param tokens [T + 1] or shorter: the same sequence, cut off
  /// \param laws [T] law of the token after each input, or empty if it is not wanted
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    if (!laws.empty() && laws.size() + 1 != tokens.size()) {
      refuse({"a row of ", tokens.size(), " tokens needs one law fewer, found ", laws.size()});
    }
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
    batch out(rows, context, table_);
    for (std::size_t b = 0; b < rows; ++b)
      sample_row(stream::evaluation_data, draw, b, out.tokens(b), out.laws(b));
    return out;
  }

  /// The law of the token after `current` when the one before was `previous`; both are characters.
  [[nodiscard]] next_token_law law_after(token previous, token current) const {
    if (!is_trigger(current)) return {current, 0, 0, false};
    bool const back = rule_.otherwise == trigger_rule::row::previous;
    return {back ? previous : current, previous, rule_.copy, true};
  }
  /// The law of the first character.
  [[nodiscard]] next_token_law law_of_start() const { return {start_row(), 0, 0, false}; }

  /// The rows that laws refer to, each over the whole vocabulary: P(.|v) in row v, then the two below.
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return table_; }
  /// The exact law of the first character: unigram without triggers, renormalised.
  [[nodiscard]] std::int32_t start_row() const { return static_cast<std::int32_t>(characters_); }
  /// The plain unigram law, which the authors' probe scores position 0 with.
  [[nodiscard]] std::int32_t unigram_row() const { return start_row() + 1; }

  [[nodiscard]] std::size_t characters() const { return characters_; }                  ///< N
  [[nodiscard]] token bos() const { return static_cast<token>(characters_); }           ///< `<s>`
  [[nodiscard]] token delimiter() const { return static_cast<token>(characters_ + 1); } ///< `<d>`
  [[nodiscard]] std::size_t leading_bos() const { return leading_; }
  /// The triggers, the most frequent first.
  [[nodiscard]] std::span<token const> trigger_tokens() const { return triggers_; }
  [[nodiscard]] bool is_trigger(token t) const { return is_trigger_[static_cast<std::size_t>(t)]; }
  /// How figures show a token. Throws `dormant::error` outside the vocabulary.
  [[nodiscard]] std::string token_name(token t) const {
    if (t < 0 || static_cast<std::size_t>(t) >= vocab) {
      refuse({"token ", t, " is outside the vocabulary of ", vocab});
    }
    if (t < bos()) return printable(alphabet_[static_cast<std::size_t>(t)]);
    if (t <= delimiter()) return t == bos() ? "<s>" : "<d>";
    return "unused " + std::to_string(t);
  }

private:
  static void check_options(bigram_backcopy_options const& options) {
    check(options.table, "the bigram table");
    auto const n = options.table.size();
    if (n + 2 > vocab) {
      refuse({"the bigram table has ", n, " distinct characters, but only ",
              vocab < 2 ? 0 : vocab - 2, " fit into a vocabulary of ", vocab,
              " beside <s> and <d>"});
    }
    if (options.triggers >= n) {
      refuse({options.triggers, " triggers were asked for, but the table has ", n,
              " characters and at least one must not be a trigger"});
    }
    if (options.bos > 2) refuse({"a sequence begins with 0, 1 or 2 <s>, found ", options.bos});
    if (!(options.rule.copy >= 0 && options.rule.copy <= 1)) {
      refuse({"the probability of copying must be between 0 and 1, found ", options.rule.copy});
    }
  }

  void choose_triggers(bigram_table const& table, std::size_t count) {
    // The most frequent of those that are left; of equals, the first.
    auto const next = [&] {
      std::size_t best = characters_;
      for (std::size_t v = 0; v < characters_; ++v) {
        if (is_trigger_[v]) continue;
        if (best == characters_ || table.unigrams[v] > table.unigrams[best]) best = v;
      }
      return best;
    };
    triggers_ = std::vector<token>(count);
    for (auto& trigger : triggers_) {
      trigger = static_cast<token>(next());
      is_trigger_[static_cast<std::size_t>(trigger)] = true;
    }
    if (table.unigrams[next()] == 0)
      refuse({"only triggers have unigram counts above zero, so no sequence can begin"});
  }

  void make_laws(bigram_table const& table) {
    auto laws = std::make_shared<law_table>(characters_ + 2, vocab);
    draws_ = alias_table(characters_ + 2, characters_);
    std::vector<double> weights(characters_);
    for (std::size_t v = 0; v < characters_; ++v) {
      std::copy_n(table.row(v).data(), characters_, weights.data());
      set_law(*laws, v, weights);
    }
    std::copy_n(table.unigrams.data(), characters_, weights.data());
    auto const unigrams = weights;
    for (auto const t : triggers_) weights[static_cast<std::size_t>(t)] = 0;
    set_law(*laws, characters_, weights);
    set_law(*laws, characters_ + 1, unigrams);
    laws->unigram_row = unigram_row();
    table_ = std::move(laws);
  }

  void set_law(law_table& laws, std::size_t row, std::vector<double> const& weights) {
    draws_.set_row(row, weights);
    double const total = std::accumulate(weights.begin(), weights.end(), 0.0);
    double entropy = 0;
    for (std::size_t k = 0; k < vocab; ++k) {
      double const p = k < weights.size() ? weights[k] / total : 0;
      laws.probabilities[row * vocab + k] = p;
      if (p > 0) entropy -= p * std::log(p);
    }
    laws.entropies[row] = entropy;
  }

  [[nodiscard]] token draw(next_token_law const& law, random_stream& random) const {
    if (law.copy_weight > 0 && (law.copy_weight >= 1 || random.uniform() < law.copy_weight))
      return law.copied;
    return static_cast<token>(draws_.draw(static_cast<std::size_t>(law.row), random.bits()));
  }

  std::uint64_t seed_;
  std::size_t leading_; // number of <s> that a sequence begins with
  trigger_rule rule_;
  std::size_t characters_;         // N
  std::vector<char32_t> alphabet_; // [N]
  std::vector<token> triggers_;
  std::array<bool, vocab> is_trigger_{};
  alias_table draws_;                      // one row a row of table_
  std::shared_ptr<law_table const> table_; // [N + 2, V]
};

} // namespace dormant
