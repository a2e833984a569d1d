// SPDX-License-Identifier: MIT
// ReLU attention with every switch of a structure.
#include "every_structure.hpp"

using namespace gradients;

TEST_CASE("gradients: relu with every switch, one head", "[slow]") {
  packed_structures<relu, 1, double>(check_everything<>{});
}

TEST_CASE("gradients: relu with every switch, four heads", "[slow]") {
  packed_structures<relu, 4, double>(check_everything<>{});
}

TEST_CASE("gradients: relu site by site") {
  few_structures<relu, 1, double>(check_everything<true>{});
  few_structures<relu, 4, double>(check_everything<true>{});
}
