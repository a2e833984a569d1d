// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const sigmoid("sigmoid", "sigmoid - log T",
                                      grid::done<dormant::attention<dormant::sigmoid>>);
