// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const exclusive_attention(
    "exclusive_attention", "exclusive attention",
    grid::done<dormant::attention<dormant::softmax, dormant::exclusive_attention>>);
