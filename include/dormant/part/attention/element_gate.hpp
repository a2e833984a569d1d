// SPDX-License-Identifier: MIT
// z * sigmoid(x W_G^T): a gate on each element of the heads' outputs (G1, arXiv 2505.06708).
#pragma once

#include "dormant/part/attention/gate.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/rule/output_gate.hpp"

namespace dormant {

/// What the rule `output_gate<Rule>` brings along, as a policy: to be named beside
/// others, whose order then is said.
struct element_gate {
  using place = dormant::place::mixed;
  using part = head_gate<sigmoid_gate>;
};

} // namespace dormant
