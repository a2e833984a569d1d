// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    normalised_elu_one("normalised_elu_one", "ELU + 1 over its sum",
                       grid::done<dormant::attention<dormant::normalised<dormant::elu_one>>>);
