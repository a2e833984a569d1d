// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    value_state_gate("value_state_gate", "value-state gate on A v",
                     grid::done<dormant::attention<dormant::softmax, dormant::value_state_gate>>);
