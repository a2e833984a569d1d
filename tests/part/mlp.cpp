// SPDX-License-Identifier: MIT
// mlp under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/mlp/mlp.hpp"
#include "dormant/part/projection/biased.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("mlp: the laws of a part with every activation", "[slow]") {
  CHECK(mlp_laws<mlp<relu_unit>>());
  CHECK(mlp_laws<mlp<gelu>>());
  CHECK(mlp_laws<mlp<gelu_tanh>>());
  CHECK(mlp_laws<mlp<silu>>());
}
TEST_CASE("mlp: the laws with biases", "[slow]") {
  CHECK(mlp_laws<mlp<relu_unit, biased>>());
  CHECK(mlp_laws<mlp<gelu, biased>>());
}
