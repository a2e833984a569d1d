// SPDX-License-Identifier: MIT
// biases under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/biases.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("biases: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, biases>>()));
}
TEST_CASE("input_biases: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, input_biases>>()));
}
