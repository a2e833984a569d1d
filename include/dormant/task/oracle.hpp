// SPDX-License-Identifier: MIT
// What a model that knows the task can reach at best, and how far given logits are from it.
#pragma once

#include "dormant/random.hpp"
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
  double copied = law.spread.empty() && t == static_cast<std::size_t>(law.copied) ? copy : 0;
  for (auto const& [id, weight] : law.spread)
    if (t == static_cast<std::size_t>(id)) copied += copy * weight;
  return (1 - copy) * drawn + copied;
}

/// The entropy of the next token in nats: the least cross-entropy any logits can have.
[[nodiscard]] inline double law_entropy(next_token_law const& law, law_table const& table) {
  if (law.copy_weight <= 0) return table.entropies[static_cast<std::size_t>(law.row)];
  if (law.copy_weight >= 1 && law.spread.empty()) return 0;
  double entropy = 0;
  for (std::size_t t = 0; t < table.vocab; ++t) {
    double const p = law_probability(law, table, t);
    if (p > 0) entropy -= p * std::log(p);
  }
  return entropy;
}

/// The exact cross-entropy of logits under a law in nats: `logsumexp(logits) - sum_t p(t)
/// logits[t]`. Its excess over `law_entropy` is the divergence from the law to the model.
/// \param logits [V], of any arithmetic type; the sum is taken in double
template <class T>
[[nodiscard]] double law_cross_entropy(std::span<T const> logits, next_token_law const& law,
                                       law_table const& table) {
  double top = static_cast<double>(logits[0]);
  for (auto const logit : logits) top = std::max(top, static_cast<double>(logit));
  double sum = 0;
  for (auto const logit : logits) sum += std::exp(static_cast<double>(logit) - top);
  double score = 0;
  auto const add = [&](double p, std::size_t t) {
    if (p > 0) score += p * (static_cast<double>(logits[t]) - top);
  };
  if (law.spread.empty()) {
    for (std::size_t t = 0; t < logits.size(); ++t) add(law_probability(law, table, t), t);
    return std::log(sum) - score;
  }
  // A spread token by token: to look each token up in it would take V times as long.
  for (auto const& [id, weight] : law.spread)
    add(law.copy_weight * weight, static_cast<std::size_t>(id));
  if (law.copy_weight < 1) {
    auto const row = table.row(static_cast<std::size_t>(law.row));
    for (std::size_t t = 0; t < logits.size(); ++t) add((1 - law.copy_weight) * row[t], t);
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

namespace detail {
struct risk_sums {
  double mass[2] = {0, 0}; // expected number of positions, [trigger]
  double risk[2] = {0, 0}; // expected sum of entropies there

  void add(next_token_law const& law, law_table const& table, double probability) {
    mass[law.trigger] += probability;
    risk[law.trigger] += probability * law_entropy(law, table);
  }
  risk_sums& operator+=(risk_sums const& o) {
    for (std::size_t k = 0; k < 2; ++k) {
      mass[k] += o.mass[k];
      risk[k] += o.risk[k];
    }
    return *this;
  }
  [[nodiscard]] minimum_risk mean() const {
    auto const ratio = [](double sum, double weight) { return weight > 0 ? sum / weight : 0; };
    auto const all = mass[0] + mass[1];
    return {.trigger_share = ratio(mass[1], all),
            .bigram = ratio(risk[0], mass[0]),
            .backcopy = ratio(risk[1], mass[1]),
            .total = ratio(risk[0] + risk[1], all)};
  }
};
} // namespace detail

/// The exact minimum risks of a task over positions 0 .. positions - 1, found by following the law
/// of what it remembers (`memories()`, `law_at`, `memory_after`) from position to position.
/// \param positions T, at least one
template <class Task>
[[nodiscard]] minimum_risk minimum_risk_of(Task const& task,
                                           std::size_t positions = Task::context) {
  auto const& table = *task.table();
  detail::risk_sums sums;
  // <s> announces another <s> or, the last of them, the first character: the law of memory 0.
  auto const leading = task.leading_bos();
  for (std::size_t i = 1; i < leading && i <= positions; ++i)
    sums.add({.copy_weight = 1}, table, 1);

  std::vector<double> now(task.memories()), next(task.memories());
  now[0] = 1;
  for (auto i = leading; i <= positions; ++i) {
    std::ranges::fill(next, 0.0);
    for (std::size_t m = 0; m < now.size(); ++m) {
      if (now[m] == 0) continue;
      auto const law = task.law_at(m);
      if (i > 0) sums.add(law, table, now[m]); // else this is the place before the first character
      for (std::size_t t = 0; t < table.vocab; ++t) {
        double const p = law_probability(law, table, t);
        if (p > 0) next[task.memory_after(m, static_cast<token>(t))] += now[m] * p;
      }
    }
    now.swap(next);
  }
  return sums.mean();
}

/// Minimum risks as samples tell them, each with its standard error.
struct estimated_minimum_risk {
  minimum_risk mean;
  minimum_risk standard_error;
};

/// The same from the exact laws along sampled sequences, for a task that remembers too much to
/// follow: not what was drawn is averaged, but the entropies of the laws it was drawn from.
/// \param rows how many sequences of the evaluation data; the error falls as 1 / sqrt(rows)
template <class Task>
[[nodiscard]] estimated_minimum_risk estimate_minimum_risk(Task const& task,
                                                           std::size_t rows = 4096) {
  std::vector<detail::risk_sums> of_row(rows);
  detail::risk_sums all;
  auto one = batch_for(task, 1);
  for (std::size_t r = 0; r < rows; ++r) {
    task.sample_row(stream::evaluation_data, 0, r, one.tokens(0), one.laws(0));
    for (auto const& law : one.laws(0)) of_row[r].add(law, *one.table(), 1);
    all += of_row[r];
  }
  // The error of a ratio of sums: rows are independent, positions within a row are not.
  auto const mean = all.mean();
  auto const error = [&](auto const& part, double ratio) {
    double square = 0, weight = 0;
    for (auto const& row : of_row) {
      auto const [sum, count] = part(row);
      square += (sum - ratio * count) * (sum - ratio * count);
      weight += count;
    }
    return weight > 0 ? std::sqrt(square) / weight : 0;
  };
  using sums = detail::risk_sums const&;
  using pair = std::pair<double, double>;
  return {mean,
          {.trigger_share = error([](sums r) { return pair(r.mass[1], r.mass[0] + r.mass[1]); },
                                  mean.trigger_share),
           .bigram = error([](sums r) { return pair(r.risk[0], r.mass[0]); }, mean.bigram),
           .backcopy = error([](sums r) { return pair(r.risk[1], r.mass[1]); }, mean.backcopy),
           .total = error([](sums r) { return pair(r.risk[0] + r.risk[1], r.mass[0] + r.mass[1]); },
                          mean.total)}};
}

} // namespace dormant
