// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    element_gate("element_gate", "output gate, element-wise",
                 grid::done<dormant::attention<dormant::softmax, dormant::element_gate>>);
