// SPDX-License-Identifier: MIT
// value_state_output_gate under the laws of a part, and against its formula.
#include "dormant/part/attention/value_state_output_gate.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

using namespace dormant;
using namespace dormant::testing;

namespace {
using gated = part_values::one_layer<softmax, value_state_output_gate>;
using plain = part_values::one_layer<softmax>;
} // namespace

TEST_CASE("value_state_output_gate: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<softmax, value_state_output_gate>>());
}
TEST_CASE("value_state_output_gate: each output is what was mixed times sigmoid(v_i W)") {
  plain const without({.seed = 1});
  gated net({.seed = 2});
  part_values::copy_tensors(without, net);
  auto const w = part_values::of_attention(net, "value_state_output_gate.weight"); // [H D, KV D]
  auto const mixed = part_values::shown<site::z>(without);
  auto const v = part_values::shown<site::v>(net); // [B T, KV D]
  auto const z = part_values::shown<site::z>(net);
  constexpr std::size_t out = part_values::width, in = part_values::width / 2;
  for (std::size_t i = 0; i < z.size(); ++i) {
    double a = 0;
    for (std::size_t c = 0; c < in; ++c) a += v[i / out * in + c] * w[i % out * in + c];
    CHECK(z[i] == Approx(mixed[i] / (1 + std::exp(-a))).epsilon(1e-12));
  }
}
TEST_CASE("value_state_output_gate: without weights it halves what was mixed") {
  plain const without({.seed = 1});
  gated net({.seed = 2});
  part_values::copy_tensors(without, net);
  std::ranges::fill(part_values::of_attention(net, "value_state_output_gate.weight"), 0.);
  auto half = part_values::shown<site::z>(without);
  for (auto& z : half) z /= 2;
  CHECK(part_values::shown<site::z>(net) == half);
}
