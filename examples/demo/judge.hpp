// SPDX-License-Identifier: MIT
// The four verdicts in words, with the numbers that they rest on.
#pragma once

#include "demo/colours.hpp"
#include "demo/verdict.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace demo {

namespace detail {
template <class Shows>
std::vector<bool> each_seed(std::vector<paired> const& pairs, Shows shows) {
  std::vector<bool> out;
  for (auto const& p : pairs) out.push_back(shows(p));
  return out;
}

/// The median of a column in each story.
inline std::vector<verdict::number> in_each_story(std::vector<paired> const& pairs,
                                                  std::string_view column) {
  std::vector<verdict::number> out;
  for (std::size_t s = 0; s < stories.size(); ++s) {
    out.push_back({fmt::format("{:.2f}", median_after(pairs, s, column)), stories[s].title,
                   story_colours[s].name});
  }
  return out;
}
} // namespace detail

/// In the order in which the report tells them.
inline std::vector<verdict> judge(std::vector<paired> const& pairs) {
  auto const cost = [&](std::string_view column) {
    return over_seeds(pairs, [&](paired const& p) { return cost_of_removal(p, column); });
  };
  auto const start = over_seeds(
      pairs, [](paired const& p) { return p[softmax_adamw].curve.front()[measured::peak]; });
  return {
      {.name = "Attention sink",
       .claim = "Queries with nothing to look up attend to <s> under softmax and not under ReLU. "
                "SGD does not remove the sink.",
       .criterion = fmt::format("attention on <s> from non-triggers at least {} under softmax with "
                                "either optimizer, and "
                                "at most {} under ReLU",
                                sink_from, no_sink_to),
       .measured = "attention on <s> from non-triggers",
       .medians = detail::in_each_story(pairs, measured::sink),
       .seed_shows = detail::each_seed(pairs, shows_sink)},
      {.name = "Value-state drain",
       .claim = "The value state of <s> is far smaller than that of other tokens under softmax and "
                "not under ReLU. SGD does not remove the drain.",
       .criterion =
           fmt::format("ratio at most {} under softmax with either optimizer, and under ReLU "
                       "+ AdamW at least {} times that of softmax + AdamW",
                       drain_to, drain_factor),
       .measured = "value norm of <s> / mean of the others",
       .medians = detail::in_each_story(pairs, measured::drain),
       .seed_shows = detail::each_seed(pairs, shows_drain)},
      {.name = "Residual-state peak",
       .claim =
           "With softmax and AdamW the first MLP makes the residual state of <s> large: larger "
           "than the others', and than it becomes with SGD or ReLU from the same start.",
       .criterion =
           fmt::format("ratio at least {} under softmax + AdamW, and at least {} above that "
                       "of softmax + SGD and of ReLU + AdamW at the same seed",
                       peak_from, peak_margin),
       .measured = fmt::format("residual norm of <s> / mean of the others, after the first layer; "
                               "{:.2f} before training",
                               start),
       .medians = detail::in_each_story(pairs, measured::peak),
       .seed_shows = detail::each_seed(pairs, shows_peak)},
      {.name = "Active-dormant head",
       .claim = "The head is dormant at non-triggers, so removing it changes nothing there, and "
                "active at triggers, where removing it ruins the copying.",
       .criterion =
           fmt::format("under softmax + AdamW, removing the head changes the bigram risk "
                       "by at most {} nats and raises the backcopy risk by at least {} nat",
                       dormant_to, active_from),
       .measured = "change of the risks when the head is removed, nats",
       .medians = {{fmt::format("{:+.3f}", cost(measured::bigram)), "bigram risk", "plain"},
                   {fmt::format("{:+.2f}", cost(measured::backcopy)), "backcopy risk", "plain"}},
       .seed_shows = detail::each_seed(pairs, shows_active_dormant)}};
}

} // namespace demo
