// SPDX-License-Identifier: MIT
// rms_norm under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/norm/rms_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("rms_norm: the laws of a part", "[slow]") { CHECK(norm_laws<rms_norm>()); }
TEST_CASE("rms_norm: the laws without a gain", "[slow]") { CHECK(norm_laws<plain_rms_norm>()); }
