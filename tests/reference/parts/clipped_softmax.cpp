// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/clipped_softmax.hpp>

using namespace part_cases;

static cases_of const clipped_softmax_cases([](part_writer const& to) {
  to.attention_part<attention<clipped_softmax<std::ratio<2>, std::ratio<11, 10>>>>(
      "clipped_softmax", {{"rule", "clipped_softmax"}});
});
