// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const value_state_gates([](part_writer const& to) {
  to.attention_part<attention<softmax, value_state_gate>>(
      "value_state_gate", {{"heads", one_step({{"kind", "value_state_gate"}})}});
});
