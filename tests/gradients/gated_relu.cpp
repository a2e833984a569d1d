// SPDX-License-Identifier: MIT
// The output gate on ReLU attention with every switch of a structure.
#include "every_structure.hpp"

using namespace gradients;

TEST_CASE("gradients: gated_relu with every switch, one head", "[slow]") {
  packed_structures<output_gate<relu>, 1, double>(check_everything<>{});
}

TEST_CASE("gradients: gated_relu with every switch, four heads", "[slow]") {
  packed_structures<output_gate<relu>, 4, double>(check_everything<>{});
}

TEST_CASE("gradients: gated_relu site by site") {
  few_structures<output_gate<relu>, 1, double>(check_everything<true>{});
  few_structures<output_gate<relu>, 4, double>(check_everything<true>{});
}
