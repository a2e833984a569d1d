// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/relu.hpp>

using namespace part_cases;

static cases_of const relu_cases([](part_writer const& to) {
  to.attention_part<attention<relu>>("relu", {{"rule", "relu"}});
});
