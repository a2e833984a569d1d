// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const entmax15("entmax15", "1.5-entmax",
                                       grid::done<dormant::attention<dormant::entmax15>>);
