// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/part/attention/log_temperature.hpp>

using namespace part_cases;

static cases_of const log_temperature_cases([](part_writer const& to) {
  to.attention_part<attention<softmax, log_temperature>>(
      "log_temperature", {{"scores", one_step({{"kind", "log_temperature"}})}});
});
