// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/part/attention/learned_temperature.hpp>
#include <dormant/part/attention/log_temperature.hpp>

using namespace part_cases;

static cases_of const learned_temperature_cases([](part_writer const& to) {
  json const learned = {{"kind", "learned_temperature"}}, log = {{"kind", "log_temperature"}};
  to.attention_part<attention<softmax, learned_temperature>>("learned_temperature",
                                                             {{"scores", one_step(learned)}});
  to.attention_part<attention<softmax, learned_temperature, log_temperature>>(
      "scalable_softmax", {{"scores", json::array({learned, log})}});
});
