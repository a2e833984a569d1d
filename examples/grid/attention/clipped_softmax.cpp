// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    clipped_softmax("clipped_softmax", "clipped softmax",
                    grid::done<dormant::attention<dormant::clipped_softmax<>>>);
