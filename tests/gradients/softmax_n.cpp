// SPDX-License-Identifier: MIT
// Softmax-off-by-one with every switch of a structure.
#include "every_structure.hpp"

using namespace gradients;

TEST_CASE("gradients: softmax_n with every switch, one head", "[slow]") {
  packed_structures<softmax_n<>, 1, double>(check_everything<>{});
}

TEST_CASE("gradients: softmax_n with every switch, four heads", "[slow]") {
  packed_structures<softmax_n<>, 4, double>(check_everything<>{});
}

TEST_CASE("gradients: softmax_n site by site") {
  few_structures<softmax_n<>, 1, double>(check_everything<true>{});
  few_structures<softmax_n<>, 4, double>(check_everything<true>{});
}
