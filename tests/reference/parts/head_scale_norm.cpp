// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const head_scale_norms([](part_writer const& to) {
  to.norm<head_scale_norm>("head_scale_norm");
});
