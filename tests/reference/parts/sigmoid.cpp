// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/sigmoid.hpp>

using namespace part_cases;

static cases_of const sigmoid_cases([](part_writer const& to) {
  to.attention_part<attention<sigmoid>>("sigmoid", {{"rule", "sigmoid"}});
});
