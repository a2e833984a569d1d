// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/relu_over_context.hpp>

using namespace part_cases;

static cases_of const relu_over_context_cases([](part_writer const& to) {
  to.attention_part<attention<relu_over_context<>>>("relu_over_context",
                                                    {{"rule", "relu_over_context"}});
});
