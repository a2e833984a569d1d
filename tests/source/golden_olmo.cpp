// SPDX-License-Identifier: MIT
#include "source/golden.hpp"

TEST_CASE("OLMo 1 computes what others compute, at every site and with parts removed", "[source]") {
  golden_test::agrees<dormant::olmo>("olmo_untied");
}
