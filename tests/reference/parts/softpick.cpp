// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/softpick.hpp>

using namespace part_cases;

static cases_of const softpick_cases([](part_writer const& to) {
  to.attention_part<attention<softpick>>("softpick", {{"rule", "softpick"}});
});
