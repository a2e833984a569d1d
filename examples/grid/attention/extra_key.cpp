// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    extra_key("extra_key", "key bias",
              grid::done<dormant::attention<dormant::softmax, dormant::extra_key>>);
