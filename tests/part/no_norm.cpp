// SPDX-License-Identifier: MIT
// no_norm under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/norm/no_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("no_norm: the laws of a part", "[slow]") { CHECK(norm_laws<no_norm>()); }
