// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/elu_one.hpp>

using namespace part_cases;

static cases_of const elu_one_cases([](part_writer const& to) {
  to.attention_part<attention<elu_one>>("elu_one", {{"rule", "elu_one"}});
});
