// SPDX-License-Identifier: MIT
#include "source/golden.hpp"

TEST_CASE("GPT-NeoX with parallel branches computes what others compute, at every site and with "
          "parts removed",
          "[source]") {
  golden_test::agrees<dormant::gpt_neox<>>("gpt_neox_parallel");
}
