// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <ratio>

using namespace part_cases;

using scaled = value_path_scale<std::ratio<3, 10>>;
static cases_of const value_path_scales([](part_writer const& to) {
  to.attention_part<attention<softmax, scaled>>(
      "value_path_scale", {{"heads", one_step({{"kind", "value_path_scale"}, {"by", 0.3}})}});
});
