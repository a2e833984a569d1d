// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const pre_affine_norms([](part_writer const& to) {
  to.norm<pre_affine_norm>("pre_affine_norm");
});
