// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const value_gates([](part_writer const& to) {
  to.attention_part<attention<softmax, value_gate>>(
      "value_gate", {{"heads", one_step({{"kind", "value_gate"}})}});
});
