// SPDX-License-Identifier: MIT
#include "source/golden.hpp"

TEST_CASE("Llama with keys and values shared by heads computes what others compute, at every site "
          "and with parts removed",
          "[source]") {
  golden_test::agrees<dormant::llama>("llama_gqa_untied");
}
