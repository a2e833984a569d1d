// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const element_gates([](part_writer const& to) {
  to.attention_part<attention<softmax, element_gate>>(
      "element_gate", {{"mixed", one_step({{"kind", "element_gate"}})}});
});
