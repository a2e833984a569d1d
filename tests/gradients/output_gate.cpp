// SPDX-License-Identifier: MIT
// The output gate on softmax attention with every switch of a structure.
#include "every_structure.hpp"

using namespace gradients;

TEST_CASE("gradients: output_gate with every switch, one head", "[slow]") {
  packed_structures<output_gate<>, 1, double>(check_everything<>{});
}

TEST_CASE("gradients: output_gate with every switch, four heads", "[slow]") {
  packed_structures<output_gate<>, 4, double>(check_everything<>{});
}

TEST_CASE("gradients: output_gate site by site") {
  few_structures<output_gate<>, 1, double>(check_everything<true>{});
  few_structures<output_gate<>, 4, double>(check_everything<true>{});
}
