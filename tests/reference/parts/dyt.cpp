// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const dyts([](part_writer const& to) { to.norm<dyt>("dyt"); });
