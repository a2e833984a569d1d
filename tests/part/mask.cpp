// SPDX-License-Identifier: MIT
// mask under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/mask.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

namespace {
void numbers(sizes& s) { s.window = 3; }
} // namespace

TEST_CASE("window: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, window<>>>({.numbers = numbers})));
}
TEST_CASE("no_mask: the laws of a part, but causality", "[slow]") {
  CHECK((attention_laws<attention<softmax, no_mask>>({.causal = false})));
}
