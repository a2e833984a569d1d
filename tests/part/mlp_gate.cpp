// SPDX-License-Identifier: MIT
// mlp_gate and linear_gate under the laws of a part, and how far they are open at first.
#include "dormant/part/attention/mlp_gate.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

using namespace dormant;
using namespace dormant::testing;

namespace {

/// With some tensor zero, every output is a quarter of what was mixed.
template <class Gate>
void check_a_quarter(std::string const& tensor) {
  part_values::one_layer<softmax> const plain({.seed = 1});
  part_values::one_layer<softmax, Gate> net({.seed = 2});
  part_values::copy_tensors(plain, net);
  std::ranges::fill(part_values::of_attention(net, tensor), 0.);
  auto const mixed = part_values::shown<site::z>(plain), z = part_values::shown<site::z>(net);
  for (std::size_t i = 0; i < z.size(); ++i) CHECK(z[i] == Approx(mixed[i] / 4).epsilon(1e-14));
}

} // namespace

TEST_CASE("mlp_gate: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<softmax, mlp_gate>>());
}
TEST_CASE("linear_gate: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<softmax, linear_gate>>());
}
TEST_CASE(
    "mlp_gate, linear_gate: what does not depend on the input is open by a quarter at first") {
  check_a_quarter<mlp_gate>("mlp_gate.w2.weight");
  check_a_quarter<linear_gate>("linear_gate.weight");
}
TEST_CASE("mlp_gate: the gate of a head reads the head's slice of the input") {
  part_values::one_layer<softmax, mlp_gate> net({.seed = 1});
  auto const before = part_values::shown<site::z>(net);
  auto const w = part_values::of_attention(net, "mlp_gate.w1.weight"); // [H 4, C / H]
  for (auto& x : w.subspan(2 * 4 * 5, 4 * 5)) x += 1;                  // those of head 2
  auto const after = part_values::shown<site::z>(net);                 // [B, T, H, D]
  std::size_t changed = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    bool const of_head_2 = i / part_values::head_width % part_values::heads == 2;
    if (!of_head_2) CHECK(after[i] == before[i]);
    changed += after[i] != before[i];
  }
  CHECK(changed > 0);
}
TEST_CASE("mlp_gate: NaN comes through") {
  part_values::one_layer<softmax, mlp_gate> net({.seed = 1});
  auto const w = part_values::of_attention(net, "mlp_gate.w1.weight");
  std::ranges::fill(w, std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(part_values::shown<site::z>(net).back()));
  CHECK(std::isnan(part_values::gradient_of_attention(net, "mlp_gate.w1.weight").back()));
}
TEST_CASE("mlp_gate: heads that do not divide the width are refused") {
  sizes s(shape{.heads = 4, .width = 20, .vocab = 7, .context = 5});
  s.heads = s.kv_heads = 3;
  CHECK(error_of([&] { transformer<at_run_time, softmax, mlp_gate> const net(s, {.seed = 1}); }) ==
        "mlp_gate: every head's gate reads its share of the width, so heads must "
        "divide it; found 3 and 20");
}
