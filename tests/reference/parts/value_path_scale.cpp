// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

using namespace part_cases;

static sizes a_third(sizes s) {
  s.value_path_scale = 0.3;
  return s;
}
static cases_of const value_path_scales([](part_writer const& to) {
  to.attention_part<attention<softmax, value_path_scale<>>>(
      "value_path_scale", {{"heads", one_step({{"kind", "value_path_scale"}, {"by", 0.3}})}},
      a_third);
});
