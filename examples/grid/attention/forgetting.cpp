// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const forgetting("forgetting", "forgetting attention",
                                         grid::done<dormant::attention<dormant::forgetting<>>>);
