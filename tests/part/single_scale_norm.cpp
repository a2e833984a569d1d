// SPDX-License-Identifier: MIT
// single_scale_norm under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/part/norm/single_scale_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("single_scale_norm: the laws of a part", "[slow]") {
  CHECK(norm_laws<single_scale_norm>());
}
