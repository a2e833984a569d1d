// SPDX-License-Identifier: MIT
// element_gate under the laws of a part: every wiring, one head,
// several, and several that share keys.
#include "dormant/part/attention/element_gate.hpp"
#include "dormant/part/attention/head_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

using namespace dormant;
using namespace dormant::testing;

TEST_CASE("element_gate: the laws of a part, alone and before a norm", "[slow]") {
  CHECK(attention_laws<attention<softmax, element_gate>>());
  CHECK(attention_laws<attention<softmax, element_gate, head_norm>>());
}
TEST_CASE("element_gate: it is the gate that the rule output_gate brings along") {
  part_values::one_layer<output_gate<>> const by_rule({.seed = 1});
  part_values::one_layer<softmax, element_gate> by_policy({.seed = 2});
  part_values::copy_tensors(by_rule, by_policy);
  CHECK(by_policy.evaluate(part_values::rows()).loss == by_rule.evaluate(part_values::rows()).loss);
}
