// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    stick_breaking("stick_breaking", "stick-breaking",
                   grid::done<dormant::attention<dormant::stick_breaking>>);
