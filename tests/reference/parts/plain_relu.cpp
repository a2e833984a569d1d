// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/plain_relu.hpp>

using namespace part_cases;

static cases_of const plain_relu_cases([](part_writer const& to) {
  to.attention_part<attention<plain_relu>>("plain_relu", {{"rule", "plain_relu"}});
});
