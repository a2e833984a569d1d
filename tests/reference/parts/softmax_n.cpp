// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/softmax_n.hpp>

using namespace part_cases;

static cases_of const softmax_n_cases([](part_writer const& to) {
  to.attention_part<attention<softmax_n<>>>("softmax_one", {{"rule", "softmax_one"}});
  to.attention_part<attention<softmax_n<3>>>("softmax_three", {{"rule", "softmax_three"}});
});
