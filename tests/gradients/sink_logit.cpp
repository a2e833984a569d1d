// SPDX-License-Identifier: MIT
// The learned sink logit with every switch of a structure.
#include "every_structure.hpp"

using namespace gradients;

TEST_CASE("gradients: sink_logit with every switch, one head", "[slow]") {
  packed_structures<sink_logit, 1, double>(check_everything<>{});
}

TEST_CASE("gradients: sink_logit with every switch, four heads", "[slow]") {
  packed_structures<sink_logit, 4, double>(check_everything<>{});
}

TEST_CASE("gradients: sink_logit site by site") {
  few_structures<sink_logit, 1, double>(check_everything<true>{});
  few_structures<sink_logit, 4, double>(check_everything<true>{});
}
