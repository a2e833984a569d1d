// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const softmax("softmax", "softmax",
                                      grid::done<dormant::attention<dormant::softmax>>);
