// SPDX-License-Identifier: MIT
// z * sigma(y W_g), elementwise after the value sum, y what the
// branch reads (G1, arXiv 2505.06708).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/rule/softmax.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

/// sigma(a), the gate's opening, and its derivative in terms of the opening.
struct sigmoid_gate {
  template <class Arch, class T>
  static void forward(T* a, std::size_t n) {
    kernels::sigmoid<Arch, T>(a, n, T{0});
  }
  // da = dg g (1 - g)
  template <class Arch, class T>
  static void backward(T const* g, T* dg, std::size_t n) {
    kernels::sigmoid_gradient<Arch, T>(g, dg, n);
  }
};

/// Any attention rule followed by a gate on each element of the head outputs, with a learned matrix
/// W_g [C, C] named `attention.wg.weight`. A closed gate says nothing, so no sink is needed.
template <class Rule = softmax, class Gate = sigmoid_gate>
struct output_gate : Rule {
  static_assert(
      !requires { typename Rule::gate; },
      "dormant::output_gate: the rule has a gate already, which would be lost");
  static constexpr std::string_view name = "output_gate";
  using gate = Gate;
};

} // namespace dormant
