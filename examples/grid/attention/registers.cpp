// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const registers("registers", "4 registers",
                                        grid::done<dormant::attention<dormant::softmax>, 4>);
