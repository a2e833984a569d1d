// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const exclusive_attentions([](part_writer const& to) {
  to.attention_part<attention<softmax, exclusive_attention>>(
      "exclusive_attention", {{"mixed", one_step({{"kind", "exclusive_attention"}})}});
});
