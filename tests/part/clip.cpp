// SPDX-License-Identifier: MIT
// clip under the laws of a part: every wiring, one head, several, and several that share keys.
#include "dormant/part/attention/clip.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

using namespace dormant;
using namespace dormant::testing;

namespace {
void numbers(sizes& s) { s.clip = 0.5; }
} // namespace

TEST_CASE("clip_qkv: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, clip_qkv<>>>({.numbers = numbers})));
}
