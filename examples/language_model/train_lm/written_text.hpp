// SPDX-License-Identifier: MIT
// A text that a language model writes.
#pragma once

#include "language_model/train_lm/settings.hpp"

#include <dormant/evaluate.hpp>
#include <dormant/random.hpp>
#include <dormant/task/batch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace language_model {

/// Keeps the logits of a row's last position.
struct last_logits {
  std::vector<double> values;
  void operator()(dm::site::logits, dm::view<float const, 2> const& logits) {
    std::size_t const last = logits.shape(0) - 1;
    values.resize(logits.shape(1));
    for (std::size_t v = 0; v < values.size(); ++v) {
      values[v] = static_cast<double>(logits(last, v));
    }
  }
  void merge(last_logits const& other) {
    if (!other.values.empty()) values = other.values;
  }
};

/// A token drawn from softmax(logits / temperature); at temperature 0 the most likely.
inline dm::token drawn_token(std::vector<double> const& logits, double temperature,
                             dm::random_stream& draw) {
  auto const largest = std::max_element(logits.begin(), logits.end());
  if (temperature <= 0) return static_cast<dm::token>(largest - logits.begin());
  std::vector<double> weights;
  double sum = 0;
  for (double const x : logits) sum += weights.emplace_back(std::exp((x - *largest) / temperature));
  double left = draw.uniform() * sum;
  std::size_t v = 0;
  while (v + 1 < weights.size() && (left -= weights[v]) >= 0) ++v;
  return static_cast<dm::token>(v);
}

/// Goes on after the prompt. Beyond the context the beginning is forgotten, save `<s>`.
template <class Net>
std::string written_text(Net const& net, dm::tokenizer const& words, training_settings const& s,
                         dm::token bos) {
  auto text = words.encode(s.prompt, false);
  if (text.empty() && bos == dm::no_token) text.push_back(0);
  std::size_t const given = text.size();
  dm::random_stream draw(s.seed, dm::stream::user, 0, 0);
  while (text.size() < given + s.sample) {
    std::vector<dm::token> row;
    if (bos != dm::no_token) row.push_back(bos);
    std::size_t const seen = std::min<std::size_t>(text.size(), s.context - row.size());
    row.insert(row.end(), text.end() - static_cast<std::ptrdiff_t>(seen), text.end());
    last_logits logits;
    dm::evaluate(net, dm::batch_of({{row}}), {.threads = 1}, logits);
    text.push_back(drawn_token(logits.values, s.temperature, draw));
  }
  return words.decode(text);
}

} // namespace language_model
