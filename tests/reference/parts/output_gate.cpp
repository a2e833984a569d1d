// SPDX-License-Identifier: MIT
#include "../part_cases.hpp"

#include <dormant/rule/output_gate.hpp>
#include <dormant/rule/relu.hpp>

using namespace part_cases;

static cases_of const output_gate_cases([](part_writer const& to) {
  json const gate = {{"kind", "output_gate"}};
  to.attention_part<attention<output_gate<>>>("output_gate", {{"mixed", one_step(gate)}});
  to.attention_part<attention<output_gate<relu>>>("output_gate_relu",
                                                  {{"rule", "relu"}, {"mixed", one_step(gate)}});
});
