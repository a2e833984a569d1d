// SPDX-License-Identifier: MIT
#include "sweep.hpp"

namespace {
bool const registered =
    dormant::benchmarks::add_width<64, 64>() && dormant::benchmarks::add_width<64, 256>();
} // namespace
