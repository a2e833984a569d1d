// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const relu("relu", "ReLU over position",
                                   grid::done<dormant::attention<dormant::relu>>);
