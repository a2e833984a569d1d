// SPDX-License-Identifier: MIT
// Sigmoid attention with every switch of a structure.
#include "every_structure.hpp"

using namespace gradients;

TEST_CASE("gradients: sigmoid with every switch, one head", "[slow]") {
  packed_structures<sigmoid, 1, double>(check_everything<>{});
}

TEST_CASE("gradients: sigmoid with every switch, four heads", "[slow]") {
  packed_structures<sigmoid, 4, double>(check_everything<>{});
}

TEST_CASE("gradients: sigmoid site by site") {
  few_structures<sigmoid, 1, double>(check_everything<true>{});
  few_structures<sigmoid, 4, double>(check_everything<true>{});
}
