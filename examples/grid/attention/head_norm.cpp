// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    head_norm("head_norm", "norm of the output",
              grid::done<dormant::attention<dormant::softmax, dormant::head_norm>>);
