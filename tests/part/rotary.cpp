// SPDX-License-Identifier: MIT
// rotary under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/rotary.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

namespace {
void slowed_down(sizes& s) {
  s.rotary = {
      .base = 20,
      .scaling = rotary_options::stretch::llama3,
      .llama3 = {.factor = 3, .low_freq_factor = 1, .high_freq_factor = 2, .original_context = 16}};
}
void partial_and_interleaved(sizes& s) {
  s.rotary = {.base = 20, .dimensions = 4, .interleaved = true};
}
void stretched(sizes& s) {
  s.rotary = {.base = 20,
              .scaling = rotary_options::stretch::yarn,
              .yarn = {.factor = 3, .original_context = 16}};
}
} // namespace

TEST_CASE("rotary: the laws of a part, plain, partial, and with the scalings of Llama 3 and YaRN",
          "[slow]") {
  using part = attention<softmax, rotary<>>;
  CHECK(attention_laws<part>());
  CHECK(attention_laws<part>({.numbers = partial_and_interleaved}));
  CHECK(attention_laws<part>({.numbers = slowed_down}));
  CHECK(attention_laws<part>({.numbers = stretched}));
}
