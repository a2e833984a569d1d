// SPDX-License-Identifier: MIT
#include "source/golden.hpp"

TEST_CASE("GPT-2 with names that have no prefix computes what others compute, at every site and "
          "with parts removed",
          "[source]") {
  golden_test::agrees<dormant::gpt2<>>("gpt2_bare");
}
