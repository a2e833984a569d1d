// SPDX-License-Identifier: MIT
// alibi under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/alibi.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("alibi: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, alibi>>()));
}
