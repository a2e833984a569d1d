// SPDX-License-Identifier: MIT
// sparse_gate under the laws of a part, and what it looks at.
#include "dormant/part/attention/sparse_gate.hpp"
#include "dormant/part/attention/per_head_gate.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <algorithm>
#include <cstddef>

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("sparse_gate: the laws of a part, also where a model is narrower than its inputs",
          "[slow]") {
  CHECK(attention_laws<attention<softmax, sparse_gate>>());
  CHECK(attention_laws<attention<softmax, basic_sparse_gate<100>>>());
}
TEST_CASE("sparse_gate: it is a gate of each head whose other weights are zero") {
  part_values::one_layer<softmax, sparse_gate> net({.seed = 1});
  part_values::one_layer<softmax, per_head_gate> all({.seed = 1});
  auto const few = part_values::of_attention(net, "sparse_gate.weight"); // [H, 12]
  auto const many = part_values::of_attention(all, "head_gate.weight");  // [H, C]
  REQUIRE(few.size() == part_values::heads * 12);
  part_values::one_layer<softmax> const plain({.seed = 2});
  part_values::copy_tensors(plain, net);
  part_values::copy_tensors(plain, all);
  std::ranges::fill(many, 0.);
  for (std::size_t h = 0; h < part_values::heads; ++h) {
    std::ranges::copy(few.subspan(h * 12, 12), &many[h * part_values::width]);
  }
  auto const rows = part_values::rows();
  CHECK(net.evaluate(rows).loss == Approx(all.evaluate(rows).loss).epsilon(1e-14));
  CHECK(net.evaluate(rows).loss != plain.evaluate(rows).loss);
}
