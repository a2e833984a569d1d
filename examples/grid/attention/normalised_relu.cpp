// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    normalised_relu("normalised_relu", "ReLU over its sum",
                    grid::done<dormant::attention<dormant::normalised<dormant::plain_relu>>>);
