// SPDX-License-Identifier: MIT
// qk_norm under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/qk_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("qk_norm: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, qk_norm>>()));
}
TEST_CASE("whole_qk_norm: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, whole_qk_norm>>()));
}
