// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/stick_breaking.hpp>

using namespace part_cases;

static cases_of const stick_breakings([](part_writer const& to) {
  to.attention_part<attention<stick_breaking>>("stick_breaking", {{"rule", "stick_breaking"}});
});
