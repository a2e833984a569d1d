// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const head_norms([](part_writer const& to) {
  to.attention_part<attention<softmax, head_norm>>("head_norm",
                                                   {{"mixed", one_step({{"kind", "head_norm"}})}});
});
