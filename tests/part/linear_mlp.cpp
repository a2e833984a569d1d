// SPDX-License-Identifier: MIT
// linear_mlp under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/part/mlp/linear_mlp.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("linear_mlp: the laws of a part", "[slow]") { CHECK(mlp_laws<linear_mlp>()); }
