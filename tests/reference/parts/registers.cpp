// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const three_registers([](part_writer const& to) {
  to.model<testing::every_wiring<rms_norm, attention<softmax>, mlp<gelu>>, registers<3>>(
      "registers",
      {{"tokens", "registers"},
       {"layers", layers("rms_norm", attention_words(), mlp_words("plain", "gelu", false))}});
});
