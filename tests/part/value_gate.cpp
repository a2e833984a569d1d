// SPDX-License-Identifier: MIT
// value_gate under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/part/attention/value_gate.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("value_gate: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, value_gate>>()));
}
