// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    soft_cap("soft_cap", "soft cap at 50",
             grid::done<dormant::attention<dormant::softmax, dormant::soft_cap<>>>);
