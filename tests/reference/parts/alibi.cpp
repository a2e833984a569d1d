// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static cases_of const alibis([](part_writer const& to) {
  to.attention_part<attention<softmax, alibi>>("alibi",
                                               {{"scores", one_step({{"kind", "alibi"}})}});
});
