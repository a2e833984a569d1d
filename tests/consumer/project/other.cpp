// SPDX-License-Identifier: MIT
// The other translation unit.
#include <dormant/dormant.hpp>

std::size_t width_seen_by_the_other_file();

std::size_t width_seen_by_the_other_file() { return dormant::shape{}.width; }
