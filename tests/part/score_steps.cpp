// SPDX-License-Identifier: MIT
// score_steps under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/part/attention/score_steps.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

namespace {
void numbers(sizes& s) { s.soft_cap = 2, s.temperature = 0.6; }
} // namespace

TEST_CASE("soft_cap: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, soft_cap<>>>({.numbers = numbers})));
}
TEST_CASE("temperature: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, temperature<>>>({.numbers = numbers})));
}
