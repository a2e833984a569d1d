// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/sink_logit.hpp>

using namespace part_cases;

static cases_of const sink_logit_cases([](part_writer const& to) {
  to.attention_part<attention<sink_logit>>("sink_logit", {{"rule", "sink_logit"}});
});
