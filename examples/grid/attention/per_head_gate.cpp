// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    per_head_gate("per_head_gate", "output gate, head-wise",
                  grid::done<dormant::attention<dormant::softmax, dormant::per_head_gate>>);
