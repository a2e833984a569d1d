// SPDX-License-Identifier: MIT
// What a model that knows the task can reach at best, and how far given logits are from it.
#pragma once

#include "dormant/shape.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace dormant {

/// The probability that the next token is `t`.
[[nodiscard]] inline double law_probability(next_token_law const& law, law_table const& table,
                                            std::size_t t) {
  double const copy = law.copy_weight;
  double const drawn = copy < 1 ? table.row(static_cast<std::size_t>(law.row))[t] : 0;
  return (1 - copy) * drawn + (t == static_cast<std::size_t>(law.copied) ? copy : 0);
}

/// The entropy of the next token in nats: the least cross-entropy any logits can have.
[[nodiscard]] inline double law_entropy(next_token_law const& law, law_table const& table) {
  if (law.copy_weight <= 0) return table.entropies[static_cast<std::size_t>(law.row)];
  if (law.copy_weight >= 1) return 0;
  double entropy = 0;
  for (std::size_t t = 0; t < table.vocab; ++t) {
    double const p = law_probability(law, table, t);
    if (p > 0) entropy -= p * std::log(p);
  }
  return entropy;
}

/// The exact cross-entropy of logits under a law in nats: `logsumexp(logits) - sum_t p(t) logits[t]`.
/// Its excess over `law_entropy` is the divergence from the law to the model.
/// \param logits [V], of any arithmetic type; the sum is taken in double
template <class T>
[[nodiscard]] double law_cross_entropy(std::span<T const> logits, next_token_law const& law,
                                       law_table const& table) {
  double top = static_cast<double>(logits[0]);
  for (auto const logit : logits) top = std::max(top, static_cast<double>(logit));
  double sum = 0;
  for (auto const logit : logits) sum += std::exp(static_cast<double>(logit) - top);
  double score = 0;
  for (std::size_t t = 0; t < logits.size(); ++t) {
    double const p = law_probability(law, table, t);
    if (p > 0) score += p * (static_cast<double>(logits[t]) - top);
  }
  return std::log(sum) - score;
}

/// Expectations over all sequences of a task, in nats per position of the kind.
struct minimum_risk {
  double trigger_share = 0; ///< share of positions that hold a trigger
  double bigram = 0;        ///< over the other positions, the leading `<s>` included
  double backcopy = 0;      ///< over trigger positions; 0 under pure copying or without triggers
  double total = 0;         ///< over all positions
};

/// The exact minimum risks of a task over positions 0 .. positions - 1, found by following the law
/// of the pair (previous, current token) from position to position.
/// \param positions T, at least one
template <class Task>
[[nodiscard]] minimum_risk minimum_risk_of(Task const& task,
                                           std::size_t positions = Task::context) {
  auto const& table = *task.table();
  auto const n = task.characters();
  double mass[2] = {0, 0}; // expected number of positions, [trigger]
  double risk[2] = {0, 0}; // expected sum of entropies there
  auto const count = [&](next_token_law const& law, double probability) {
    mass[law.trigger] += probability;
    risk[law.trigger] += probability * law_entropy(law, table);
  };

  // Only a trigger looks back, so the pair of any other token keeps 0 as the previous one.
  std::vector<double> pair(n * n), next(n * n); // [current, previous]
  auto const spread = [&](next_token_law const& law, std::size_t current, double probability) {
    for (std::size_t t = 0; t < n; ++t) {
      auto const before = task.is_trigger(static_cast<token>(t)) ? current : 0;
      next[t * n + before] += probability * law_probability(law, table, t);
    }
  };
  auto const first = task.law_of_start();
  // <s> at position i announces either another <s> or, as the last of them, the first character.
  for (std::size_t i = 0; i < std::min(positions, task.leading_bos()); ++i)
    count(i + 1 == task.leading_bos() ? first : next_token_law{.copy_weight = 1}, 1);
  spread(first, 0, 1);
  for (auto i = task.leading_bos(); i < positions; ++i) {
    pair.swap(next);
    std::ranges::fill(next, 0.0);
    for (std::size_t current = 0; current < n; ++current) {
      for (std::size_t previous = 0; previous < n; ++previous) {
        auto const probability = pair[current * n + previous];
        if (probability == 0) continue;
        auto const law = task.law_after(static_cast<token>(previous), static_cast<token>(current));
        count(law, probability);
        spread(law, current, probability);
      }
    }
  }

  auto const mean = [](double sum, double weight) { return weight > 0 ? sum / weight : 0; };
  auto const all = mass[0] + mass[1];
  return {.trigger_share = mean(mass[1], all),
          .bigram = mean(risk[0], mass[0]),
          .backcopy = mean(risk[1], mass[1]),
          .total = mean(risk[0] + risk[1], all)};
}

} // namespace dormant
