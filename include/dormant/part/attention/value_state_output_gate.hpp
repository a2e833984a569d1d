// SPDX-License-Identifier: MIT
// z_i * sigmoid(v_i W^T): a gate on the heads' outputs, opened by the values of the query's own
// position (value-state gated attention, arXiv 2510.09017, read as a gate on what was mixed).
#pragma once

#include "dormant/part/attention/gates.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/rule/output_gate.hpp"

namespace dormant {

/// Not `value_state_gate`, where each value opens its own gate before it is mixed: another model. W
/// reads the values of all heads.
struct value_state_output_gate {
  using place = dormant::place::mixed;
  using part = value_state_output_gate;
  static constexpr bool reads_values = true;

  detail::element_gates<sigmoid_gate> gates; // W [H D, KV D]

  constexpr value_state_output_gate(plan d, sizes const& s)
      : gates(d, d.in("value_state_output_gate"), s.queries(), s.keys(), site::z::name) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M /*x*/, M z, M v) const {
    return gates.forward(p, v, z);
  }
  // d becomes the gradient of z
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M /*x*/, M z, M d, M /*dx*/, M v, M dv) const {
    gates.backward(p, v, z, d, dv);
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[gates.y];
  }
};

} // namespace dormant
