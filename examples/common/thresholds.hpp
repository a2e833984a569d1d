// SPDX-License-Identifier: MIT
// The levels that decide statements, each beside the published number that it must let pass: a
// level that the paper's own numbers miss says nothing about the paper.
#pragma once

#include <array>
#include <string_view>

namespace paper {

/// A level, and where the paper shows a number on the right side of it.
struct threshold {
  enum class side { at_least, at_most };
  double value = 0;
  side passes_if = side::at_least;
  std::string_view run{}; ///< these three: as in docs/published.csv
  std::string_view definition{};
  double step = 0;

  [[nodiscard]] constexpr bool passes(double x) const { // not for NaN
    return passes_if == side::at_least ? x >= value : x <= value;
  }
};

/// A head has a sink: attention on `<s>` from non-trigger queries.
inline constexpr threshold sink{.value = 0.3,
                                .passes_if = threshold::side::at_least,
                                .run = "one layer",
                                .definition = "attention_sink.as_published.0",
                                .step = 1000};
/// Bigrams are learnt: bigram risk, nats.
inline constexpr threshold bigrams_learnt{.value = 2.5,
                                          .passes_if = threshold::side::at_most,
                                          .run = "one layer",
                                          .definition = "risk.bigram_as_published",
                                          .step = 100};
/// Copying is learnt: backcopy risk, nats.
inline constexpr threshold copying_learnt{.value = 0.5,
                                          .passes_if = threshold::side::at_most,
                                          .run = "one layer",
                                          .definition = "risk.backcopy",
                                          .step = 300};

/// A head is dormant: most of the attention of non-trigger queries is on `<s>`.
inline constexpr threshold mostly_on_bos{.value = 0.5,
                                         .passes_if = threshold::side::at_least,
                                         .run = "one layer",
                                         .definition = "attention_sink.as_published.0",
                                         .step = 1000};
/// A head has no sink: attention on `<s>` from non-trigger queries.
inline constexpr threshold no_sink{.value = 0.05,
                                   .passes_if = threshold::side::at_most,
                                   .run = "one layer ReLU",
                                   .definition = "attention_sink.as_published.0",
                                   .step = 1000};
/// Copying is learnt so well that the sink, if there is one, is past
/// its onset: backcopy risk, nats.
inline constexpr threshold copying_settled{.value = 0.1,
                                           .passes_if = threshold::side::at_most,
                                           .run = "three layers SGD",
                                           .definition = "risk.backcopy",
                                           .step = 10'000};

/// All of them, for the test that holds each against the published number.
inline constexpr std::array thresholds = {sink,          bigrams_learnt, copying_learnt,
                                          mostly_on_bos, no_sink,        copying_settled};

} // namespace paper
