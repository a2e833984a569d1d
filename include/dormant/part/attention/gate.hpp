// SPDX-License-Identifier: MIT
// z = mixed * g, g = gate(x W_G^T): a gate on each element of the head
// outputs (G1, arXiv 2505.06708).
#pragma once

#include "dormant/part/attention/gates.hpp"
#include "dormant/sites.hpp"

namespace dormant {

/// \tparam Gate see `sigmoid_gate` in output_gate.hpp
template <class Gate>
struct head_gate {
  detail::element_gates<Gate> gates; // W_G [H D, C]

  constexpr head_gate(plan d, sizes const& s)
      : gates(d, d.in("wg"), s.queries(), s.width, site::z::name) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M mixed) const {
    return gates.forward(p, x, mixed);
  }
  // dz becomes the gradient of what was mixed; dx gets the gate's share
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M mixed, M dz, M dx) const {
    gates.backward(p, x, mixed, dz, dx);
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[gates.y];
  }
};

namespace detail {
/// A gate that a rule brings along, as a list.
template <class Rule>
struct its_gate {
  using type = types<>;
};
template <class Rule>
  requires requires { typename Rule::gate; }
struct its_gate<Rule> {
  using type = types<head_gate<typename Rule::gate>>;
};
/// A part between scores and rule that a rule brings along: `using score_step = forget_gate`.
template <class Rule>
struct its_score_step {
  using type = types<>;
};
template <class Rule>
  requires requires { typename Rule::score_step; }
struct its_score_step<Rule> {
  using type = types<typename Rule::score_step>;
};
} // namespace detail

} // namespace dormant
