// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const per_head_gates([](part_writer const& to) {
  to.attention_part<attention<softmax, per_head_gate>>(
      "per_head_gate", {{"mixed", one_step({{"kind", "per_head_gate"}})}});
});
