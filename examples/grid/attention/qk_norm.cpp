// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    qk_norm("qk_norm", "query-key norm",
            grid::done<dormant::attention<dormant::softmax, dormant::qk_norm>>);
