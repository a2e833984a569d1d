// SPDX-License-Identifier: MIT
// Softmax attention in every structure, site by site.
#include "every_structure.hpp"

using namespace gradients;

TEST_CASE("gradients: softmax in every structure, one head", "[slow]") {
  every_structure<softmax, 1, double>(check_everything<true>{});
}

TEST_CASE("gradients: softmax in every structure, four heads", "[slow]") {
  every_structure<softmax, 4, double>(check_everything<true>{});
}
