// SPDX-License-Identifier: MIT
// extra_key under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/extra_key.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("extra_key_value: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, extra_key_value>>()));
}
TEST_CASE("extra_key: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, extra_key>>()));
}
