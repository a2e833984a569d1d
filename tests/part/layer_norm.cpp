// SPDX-License-Identifier: MIT
// layer_norm under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/part/norm/layer_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("layer_norm: the laws of a part", "[slow]") { CHECK(norm_laws<layer_norm>()); }
TEST_CASE("layer_norm: the laws without gain and bias", "[slow]") {
  CHECK(norm_laws<plain_layer_norm>());
}
TEST_CASE("layer_norm: the laws with a gain alone", "[slow]") {
  CHECK((norm_laws<basic_layer_norm<true, false>>()));
}
