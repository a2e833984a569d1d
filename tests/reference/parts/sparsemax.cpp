// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/sparsemax.hpp>

using namespace part_cases;

static cases_of const sparsemax_cases([](part_writer const& to) {
  to.attention_part<attention<sparsemax>>("sparsemax", {{"rule", "sparsemax"}});
});
