// SPDX-License-Identifier: MIT
#include "grid/cell.hpp"

static grid::attentions const softpick("softpick", "softpick",
                                       grid::done<dormant::attention<dormant::softpick>>);
