// SPDX-License-Identifier: MIT
// head_norm under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/head_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("head_norm: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, head_norm>>()));
}
