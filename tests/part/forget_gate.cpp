// SPDX-License-Identifier: MIT
// forget_gate under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/part/attention/forget_gate.hpp"
#include "dormant/part/attention/forgetting.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("forget_gate: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, forget_gate>>()));
}
TEST_CASE("forgetting: the laws of a part, as a rule that brings its gate along", "[slow]") {
  CHECK(attention_laws<attention<forgetting<>>>());
}
