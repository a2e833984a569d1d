// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const single_scale_norms([](part_writer const& to) {
  to.norm<single_scale_norm>("single_scale_norm");
});
