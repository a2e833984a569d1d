// SPDX-License-Identifier: MIT
// rezero under the laws of a part: one head, several, and several that share keys.
#include "dormant/part/wiring/rezero.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("rezero: the laws of a part", "[slow]") {
  CHECK(part_laws<block<rezero<rms_norm, attention<softmax>>, rezero<no_norm, mlp<gelu>>>>());
}
