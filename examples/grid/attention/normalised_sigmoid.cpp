// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    normalised_sigmoid("normalised_sigmoid", "sigmoid over its sum",
                       grid::done<dormant::attention<dormant::normalised<dormant::sigmoid>>>);
