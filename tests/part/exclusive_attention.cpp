// SPDX-License-Identifier: MIT
// exclusive_attention under the laws of a part, and what it takes away from outputs.
#include "dormant/part/attention/exclusive_attention.hpp"
#include "dormant/part/attention/head_norm.hpp"
#include "dormant/part/attention/value_gate.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

using namespace dormant;
using namespace dormant::testing;

namespace {
using exclusive = part_values::one_layer<softmax, exclusive_attention>;
} // namespace

TEST_CASE("exclusive_attention: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<softmax, exclusive_attention>>());
}
TEST_CASE("exclusive_attention: the laws of a part, between other steps on outputs and values",
          "[slow]") {
  using among_others = attention<softmax, head_norm, exclusive_attention, value_gate, head_norm>;
  CHECK(attention_laws<among_others>());
}

TEST_CASE("exclusive_attention: with a large a, outputs are orthogonal to their own values") {
  exclusive net({.seed = 1});
  std::ranges::fill(part_values::of_attention(net, "exclusive.weight"), 40.);
  auto const outputs = part_values::shown<site::z>(net); // [B, T, H, D]
  auto const values = part_values::shown<site::v>(net);  // [B, T, KV, D]
  std::size_t left = 0;
  for (std::size_t t = 0; t < part_values::sequences * part_values::length; ++t) {
    for (std::size_t h = 0; h < part_values::heads; ++h) {
      double const* const z = &outputs[(t * part_values::heads + h) * part_values::head_width];
      double const* const v = &values[(t * 2 + h / 2) * part_values::head_width];
      double zv = 0, zz = 0, vv = 0;
      for (std::size_t c = 0; c < part_values::head_width; ++c) {
        zv += z[c] * v[c], zz += z[c] * z[c], vv += v[c] * v[c];
      }
      CHECK(std::abs(zv) <= 1e-14 * vv);
      left += zz > 1e-20 * vv;
    }
  }
  // A first position sees itself alone, so nothing is left of its output.
  CHECK(left == part_values::sequences * (part_values::length - 1) * part_values::heads);
}
TEST_CASE("exclusive_attention: it begins as plain attention, to the last bit") {
  part_values::one_layer<softmax> const plain({.seed = 1});
  exclusive net({.seed = 2});
  part_values::copy_tensors(plain, net);
  CHECK(net.evaluate(part_values::rows()).loss == plain.evaluate(part_values::rows()).loss);
}
TEST_CASE("exclusive_attention: a value of zero takes nothing away, and NaN comes through") {
  exclusive net({.seed = 1});
  std::ranges::fill(part_values::of_attention(net, "exclusive.weight"), 1.);
  auto const wv = part_values::of_attention(net, "wv.weight");
  std::ranges::fill(wv, 0.);
  auto const outputs = part_values::shown<site::z>(net);
  CHECK(std::ranges::all_of(outputs, [](double z) { return z == 0; }));
  auto const back = part_values::gradient_of_attention(net, "wv.weight");
  CHECK(std::ranges::all_of(back, [](double g) { return std::isfinite(g); }));
  CHECK(std::ranges::any_of(back, [](double g) { return g != 0; }));

  std::ranges::fill(wv, std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(part_values::shown<site::z>(net).back()));
}
