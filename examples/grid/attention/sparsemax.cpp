// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const sparsemax("sparsemax", "sparsemax",
                                        grid::done<dormant::attention<dormant::sparsemax>>);
