// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const forgettings([](part_writer const& to) {
  to.attention_part<attention<forgetting<>>>("forgetting",
                                             {{"scores", one_step({{"kind", "forget_gate"}})}});
});
