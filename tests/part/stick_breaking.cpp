// SPDX-License-Identifier: MIT
// stick_breaking under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/rule/stick_breaking.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("stick_breaking: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<stick_breaking>>());
}
