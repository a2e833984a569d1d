// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const value_state_output_gate(
    "value_state_output_gate", "value-state gate on the output",
    grid::done<dormant::attention<dormant::softmax, dormant::value_state_output_gate>>);
