// SPDX-License-Identifier: MIT
// value_path_scale: it is no gradient of its forward pass unless it scales by 1, so beside the laws
// of a part that hold, what becomes of each gradient is said.
#include "dormant/part/attention/value_path_scale.hpp"
#include "dormant/part/attention/exclusive_attention.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <cstddef>
#include <ratio>

using namespace dormant;
using namespace dormant::testing;

namespace {
using halved = std::ratio<1, 2>;
using plain = part_values::one_layer<softmax, exclusive_attention>;
using scaled = part_values::one_layer<softmax, exclusive_attention, value_path_scale<halved>>;
} // namespace

TEST_CASE(
    "value_path_scale: the laws of a part where it scales by 1, and not its gradients elsewhere",
    "[slow]") {
  CHECK(attention_laws<attention<softmax, value_path_scale<>>>());
  CHECK_FALSE(attention_laws<attention<softmax, value_path_scale<halved>>>());
}
TEST_CASE("value_path_scale: logits, causality and threads are as without it") {
  scaled net({.seed = 1});
  auto const rows = part_values::rows();
  CHECK(net.evaluate(rows).loss == plain({.seed = 1}).evaluate(rows).loss);
  CHECK(causality_law(net, rows));
  CHECK(thread_law(net, rows, 2));
}
TEST_CASE("value_path_scale: gradients of q and k stay as they are, those of v are scaled") {
  plain before({.seed = 1});
  scaled after({.seed = 1});
  for (auto* const a : {&part_values::of_attention(before, "exclusive.weight")[0],
                        &part_values::of_attention(after, "exclusive.weight")[0]}) {
    for (std::size_t h = 0; h < part_values::heads; ++h) a[h] = 0.7; // v is read on both ways
  }
  auto const same = [&](char const* name) {
    return part_values::gradient_of_attention(before, name) ==
           part_values::gradient_of_attention(after, name);
  };
  CHECK(same("wq.weight"));
  CHECK(same("wk.weight"));
  CHECK(same("wo.weight"));
  CHECK(same("exclusive.weight"));
  auto half = part_values::gradient_of_attention(before, "wv.weight");
  for (auto& g : half) g /= 2;
  CHECK(part_values::gradient_of_attention(after, "wv.weight") == half);
}
