// SPDX-License-Identifier: MIT
// value_state_gate under the laws of a part, and against its formula.
#include "dormant/part/attention/value_state_gate.hpp"
#include "dormant/part/attention/value_state_output_gate.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

using namespace dormant;
using namespace dormant::testing;

namespace {
using gated = part_values::one_layer<softmax, value_state_gate>;
using plain = part_values::one_layer<softmax>;
} // namespace

TEST_CASE("value_state_gate: the laws of a part, alone and beside a gate of the other reading",
          "[slow]") {
  CHECK(attention_laws<attention<softmax, value_state_gate>>());
  CHECK(attention_laws<attention<softmax, value_state_gate, value_state_output_gate>>());
}
TEST_CASE("value_state_gate: what is mixed is v_j times sigmoid(v_j W)") {
  gated net({.seed = 1});
  auto const w = part_values::of_attention(net, "value_state_gate.weight"); // [KV D, KV D]
  auto const a = part_values::shown<site::pattern>(net);                    // [B, H, T, T]
  auto const z = part_values::shown<site::z>(net);                          // [B, T, H, D]
  auto v = part_values::shown<site::v>(net);                                // [B T, KV D]
  constexpr std::size_t n = part_values::width / 2, d = part_values::head_width;
  constexpr std::size_t length = part_values::length, heads = part_values::heads;
  auto const before = v;
  for (std::size_t i = 0; i < v.size(); ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < n; ++c) sum += before[i / n * n + c] * w[i % n * n + c];
    v[i] /= 1 + std::exp(-sum);
  }
  for (std::size_t i = 0; i < z.size(); ++i) {
    std::size_t const b = i / (length * heads * d), t = i / (heads * d) % length;
    std::size_t const h = i / d % heads;
    double mixed = 0;
    for (std::size_t j = 0; j < length; ++j) {
      mixed += a[((b * heads + h) * length + t) * length + j] *
               v[(b * length + j) * n + h / 2 * d + i % d];
    }
    CHECK(z[i] == Approx(mixed).epsilon(1e-12));
  }
}
TEST_CASE("value_state_gate: without weights it halves what was mixed") {
  plain const without({.seed = 1});
  gated net({.seed = 2});
  part_values::copy_tensors(without, net);
  std::ranges::fill(part_values::of_attention(net, "value_state_gate.weight"), 0.);
  auto half = part_values::shown<site::z>(without);
  for (auto& z : half) z /= 2;
  CHECK(part_values::shown<site::z>(net) == half);
}
