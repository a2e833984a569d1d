// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const plain_relu("plain_relu", "ReLU, no normaliser",
                                         grid::done<dormant::attention<dormant::plain_relu>>);
