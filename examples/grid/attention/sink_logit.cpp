// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const sink_logit("sink_logit", "learned sink logit",
                                         grid::done<dormant::attention<dormant::sink_logit>>);
