// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const value_state_output_gates([](part_writer const& to) {
  to.attention_part<attention<softmax, value_state_output_gate>>(
      "value_state_output_gate", {{"mixed", one_step({{"kind", "value_state_output_gate"}})}});
});
