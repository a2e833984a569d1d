// SPDX-License-Identifier: MIT
#include "sweep.hpp"

namespace {
bool const registered =
    dormant::benchmarks::add_width<256, 64>() && dormant::benchmarks::add_width<256, 256>();
} // namespace
