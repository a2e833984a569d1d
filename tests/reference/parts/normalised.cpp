// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/elu_one.hpp>
#include <dormant/rule/normalised.hpp>
#include <dormant/rule/sigmoid.hpp>

using namespace part_cases;

static cases_of const normalised_cases([](part_writer const& to) {
  to.attention_part<attention<normalised<elu_one>>>("normalised_elu_one",
                                                    {{"rule", "normalised_elu_one"}});
  to.attention_part<attention<normalised<sigmoid>>>("normalised_sigmoid",
                                                    {{"rule", "normalised_sigmoid"}});
});
