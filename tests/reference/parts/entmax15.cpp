// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/entmax15.hpp>

using namespace part_cases;

static cases_of const entmax15_cases([](part_writer const& to) {
  to.attention_part<attention<entmax15>>("entmax15", {{"rule", "entmax15"}});
});
