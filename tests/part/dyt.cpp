// SPDX-License-Identifier: MIT
// dyt under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/norm/dyt.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("dyt: the laws of a part", "[slow]") { CHECK(norm_laws<dyt>()); }
