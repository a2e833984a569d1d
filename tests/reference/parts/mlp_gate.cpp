// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

// Under one head a gate is one factor, which a norm after the branch
// does not see but by its epsilon.
static sizes gates_are_seen(sizes s) {
  s.norm_epsilon = 0.1;
  return s;
}
static cases_of const mlp_gates([](part_writer const& to) {
  to.attention_part<attention<softmax, mlp_gate>>(
      "mlp_gate", {{"mixed", one_step({{"kind", "mlp_gate"}})}}, gates_are_seen);
  to.attention_part<attention<softmax, linear_gate>>(
      "linear_gate", {{"mixed", one_step({{"kind", "linear_gate"}})}}, gates_are_seen);
});
