// SPDX-License-Identifier: MIT
// A[i, j] = rule(s_ij + sum_{l = j + 1 .. i} log f_l): forgetting attention (arXiv 2503.02130).
#pragma once

#include "dormant/part/attention/forget_gate.hpp"
#include "dormant/rule/softmax.hpp"

#include <string_view>

namespace dormant {

/// Any attention rule whose scores fade with every position between query and key: a rule that
/// brings a part of its own to the place between scores and weights.
template <class Rule = softmax>
struct forgetting : Rule {
  static_assert(
      !requires { typename Rule::score_step; },
      "dormant::forgetting: the rule has a score step already, which would be lost");
  static constexpr std::string_view name = "forgetting";
  using score_step = forget_gate;
};

} // namespace dormant
