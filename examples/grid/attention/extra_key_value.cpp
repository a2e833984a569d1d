// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const
    extra_key_value("extra_key_value", "key and value bias",
                    grid::done<dormant::attention<dormant::softmax, dormant::extra_key_value>>);
