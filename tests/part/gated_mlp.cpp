// SPDX-License-Identifier: MIT
// gated_mlp under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/mlp/gated_mlp.hpp"
#include "dormant/part/projection/biased.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("gated_mlp: the laws of a part", "[slow]") { CHECK(mlp_laws<gated_mlp<>>()); }
TEST_CASE("gated_mlp: the laws with biases", "[slow]") {
  CHECK((mlp_laws<gated_mlp<gelu_tanh, biased>>()));
}
