// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

// Under one head a gate is one factor, which a norm after the branch
// does not see but by its epsilon.
static sizes a_gate_is_seen(sizes s) {
  s.norm_epsilon = 0.1;
  return s;
}
static cases_of const sparse_gates([](part_writer const& to) {
  to.attention_part<attention<softmax, sparse_gate>>(
      "sparse_gate", {{"mixed", one_step({{"kind", "sparse_gate"}})}}, a_gate_is_seen);
});
