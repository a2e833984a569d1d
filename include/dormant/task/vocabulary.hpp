// SPDX-License-Identifier: MIT
// The tokens of a task: the characters of a bigram table, `<s>` and `<d>`, and which are triggers.
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/task/law_sampler.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace dormant {

/// The `count` characters with the largest unigram counts, the most frequent first; of equals, the
/// one with the smaller id. At most as many as the table has.
[[nodiscard]] inline std::vector<token> most_frequent(bigram_table const& table,
                                                      std::size_t count) {
  std::vector<bool> chosen(table.size());
  std::vector<token> out(count < table.size() ? count : table.size());
  for (auto& next : out) {
    std::size_t best = table.size();
    for (std::size_t v = 0; v < table.size(); ++v) {
      if (chosen[v]) continue;
      if (best == table.size() || table.unigrams[v] > table.unigrams[best]) best = v;
    }
    chosen[best] = true;
    next = static_cast<token>(best);
  }
  return out;
}

/// Token ids: the N characters of the table, then `<s>` (N), then `<d>` (N + 1). V may be larger,
/// then the remaining ids never occur. The base of the tasks that read a bigram table.
template <std::size_t V>
class vocabulary {
public:
  /// Throws `dormant::error` if the table is unusable, if its characters do not fit into V beside
  /// `<s>` and `<d>`, or if every character would be a trigger.
  vocabulary(bigram_table const& table, std::size_t triggers)
      : characters_(table.size()), alphabet_(table.characters) {
    check(table, "the bigram table");
    if (characters_ + 2 > V) {
      refuse({"the bigram table has ", characters_, " distinct characters, but only ",
              V < 2 ? 0 : V - 2, " fit into a vocabulary of ", V, " beside <s> and <d>"});
    }
    if (triggers >= characters_) {
      refuse({triggers, " triggers were asked for, but the table has ", characters_,
              " characters and at least one must not be a trigger"});
    }
    triggers_ = most_frequent(table, triggers);
    for (auto const t : triggers_) is_trigger_[static_cast<std::size_t>(t)] = true;
  }
  // Moving copies: a task that was moved from stays one.
  vocabulary(vocabulary const&) = default;
  vocabulary& operator=(vocabulary const&) = default;
  ~vocabulary() = default;

  [[nodiscard]] std::size_t characters() const { return characters_; }                  ///< N
  [[nodiscard]] token bos() const { return static_cast<token>(characters_); }           ///< `<s>`
  [[nodiscard]] token delimiter() const { return static_cast<token>(characters_ + 1); } ///< `<d>`
  /// The triggers, the most frequent first.
  [[nodiscard]] std::span<token const> trigger_tokens() const { return triggers_; }
  [[nodiscard]] bool is_trigger(token t) const { return is_trigger_[static_cast<std::size_t>(t)]; }
  /// How figures show a token. Throws `dormant::error` outside the vocabulary.
  [[nodiscard]] std::string token_name(token t) const {
    if (t < 0 || static_cast<std::size_t>(t) >= V) {
      refuse({"token ", t, " is outside the vocabulary of ", V});
    }
    if (t < bos()) return printable(alphabet_[static_cast<std::size_t>(t)]);
    if (t <= delimiter()) return t == bos() ? "<s>" : "<d>";
    return "unused " + std::to_string(t);
  }

private:
  std::size_t characters_;         // N
  std::vector<char32_t> alphabet_; // [N]
  std::vector<token> triggers_;
  std::array<bool, V> is_trigger_{};
};

namespace detail {
inline void check_leading(std::size_t bos) {
  if (bos > 2) refuse({"a sequence begins with 0, 1 or 2 <s>, found ", bos});
}
inline void check_row(std::size_t tokens, std::size_t laws) {
  if (laws != 0 && laws + 1 != tokens)
    refuse({"a row of ", tokens, " tokens needs one law fewer, found ", laws});
}
/// The unigram counts without triggers, of which none may come first.
[[nodiscard]] inline auto starting_counts(bigram_table const& table,
                                          std::span<token const> triggers) {
  auto start = table.unigrams;
  for (auto const t : triggers) start[static_cast<std::size_t>(t)] = 0;
  if (std::ranges::all_of(start, [](auto count) { return count == 0; }))
    refuse({"only triggers have unigram counts above zero, so no sequence can begin"});
  return start;
}
/// The laws of a chain of the table's characters, K of them: what follows each, then, in row K, the
/// law of the first character, which is no trigger, then the unigram law. `<s>` is token K.
[[nodiscard]] inline law_sampler chain_laws(bigram_table const& table,
                                            std::span<token const> triggers, std::size_t vocab) {
  std::size_t const n = table.size();
  law_sampler laws(n + 2, n, vocab);
  auto const set = [&laws](std::size_t row, auto const& counts) {
    laws.set_row(row, std::vector<double>(counts.begin(), counts.end()));
  };
  for (std::size_t v = 0; v < n; ++v) set(v, table.row(v));
  set(n, starting_counts(table, triggers));
  set(n + 1, table.unigrams);
  laws.set_unigram_row(static_cast<std::int32_t>(n + 1));
  laws.set_bos(static_cast<token>(n));
  return laws;
}
/// Rows 0, 1, ... of a task's evaluation data.
template <class Task>
batch evaluation_rows(Task const& task, std::size_t rows, std::uint64_t draw) {
  auto out = batch_for(task, rows);
  for (std::size_t b = 0; b < rows; ++b)
    task.sample_row(stream::evaluation_data, draw, b, out.tokens(b), out.laws(b));
  return out;
}
} // namespace detail

} // namespace dormant
