// SPDX-License-Identifier: MIT
#include "sweep.hpp"

namespace {
bool const registered =
    dormant::benchmarks::add_width<128, 64>() && dormant::benchmarks::add_width<128, 256>();
} // namespace
