// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const value_biases([](part_writer const& to) {
  to.attention_part<attention<softmax, value_bias, soft_cap<>>>(
      "value_bias",
      {{"extra_key", "value"}, {"scores", one_step({{"kind", "soft_cap"}, {"at", 1.5}})}});
});
