// SPDX-License-Identifier: MIT
// value_bias under the laws of a part, and what its value adds.
#include "dormant/part/attention/value_bias.hpp"
#include "dormant/rule/softmax_n.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <cstddef>
#include <span>

using namespace dormant;
using namespace dormant::testing;

namespace {
using off_by_one = part_values::one_layer<softmax_n<>>;
} // namespace

TEST_CASE("value_bias: the laws of a part, and of a zero key without a value", "[slow]") {
  CHECK((attention_laws<attention<softmax, value_bias>>()));
  CHECK((attention_laws<attention<softmax, basic_extra_key<false, false>>>()));
}
TEST_CASE("value_bias: it begins as softmax off by one") {
  off_by_one const without({.seed = 1});
  part_values::one_layer<softmax, value_bias> net({.seed = 2});
  part_values::copy_tensors(without, net);
  auto const rows = part_values::rows();
  CHECK(net.evaluate(rows).loss == Approx(without.evaluate(rows).loss).epsilon(1e-14));
}
TEST_CASE("value_bias: outputs get the value times the weight that is on no position") {
  off_by_one const without({.seed = 1});
  part_values::one_layer<softmax, value_bias> net({.seed = 2});
  part_values::copy_tensors(without, net);
  auto const bias = part_values::of_attention(net, "extra_value.weight"); // [KV, D]
  for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = 1 + 0.1 * static_cast<double>(c);
  auto const a = part_values::shown<site::pattern>(net);   // [B, H, T, T]
  auto const mixed = part_values::shown<site::z>(without); // [B, T, H, D]
  auto const z = part_values::shown<site::z>(net);         // the same
  constexpr std::size_t length = part_values::length, heads = part_values::heads;
  constexpr std::size_t d = part_values::head_width;
  for (std::size_t i = 0; i < z.size(); ++i) {
    std::size_t const b = i / (length * heads * d), t = i / (heads * d) % length;
    std::size_t const h = i / d % heads;
    double rest = 1;
    for (double const on : std::span(&a[((b * heads + h) * length + t) * length], length)) {
      rest -= on;
    }
    CHECK(rest > 0);
    CHECK(z[i] - mixed[i] == Approx(rest * bias[h / 2 * d + i % d]).epsilon(1e-12));
  }
}
