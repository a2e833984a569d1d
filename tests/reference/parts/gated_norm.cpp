// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const gated_norms([](part_writer const& to) { to.norm<gated_norm>("gated_norm"); });
