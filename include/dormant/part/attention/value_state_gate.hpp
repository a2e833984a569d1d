// SPDX-License-Identifier: MIT
// v_j * sigmoid(v_j W^T): every value opens its own gate before it is mixed (value-state gated
// attention, arXiv 2510.09017, read as a gate on A_ij v_j).
#pragma once

#include "dormant/part/attention/gates.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/steps.hpp"
#include "dormant/rule/output_gate.hpp"

namespace dormant {

/// Not `value_state_output_gate`, where the value of the query's position gates all that was mixed:
/// another model. Steps on the heads that are named later, and rules, know the gated values alone.
/// W reads the values of all heads.
struct value_state_gate {
  using place = dormant::place::heads;
  using part = value_state_gate;

  detail::element_gates<sigmoid_gate> gates; // W [KV D, KV D]

  constexpr value_state_gate(plan d, sizes const& s)
      : gates(d, d.in("value_state_gate"), s.keys(), s.keys()) {}

  template <class Pass, class In>
  In forward(Pass const& p, typename Pass::matrix /*x*/, In in) const {
    return {in.q, in.k, gates.forward(p, in.v, in.v)};
  }
  template <class Pass, class In, class M = typename Pass::matrix>
  void backward(Pass const& p, M /*x*/, In const& in, In const& d, M /*dx*/) const {
    gates.backward(p, in.v, in.v, d.v, d.v);
  }
  template <class Pass, class In>
  In made(Pass const& p, In const& in) const {
    return {in.q, in.k, p[gates.y]};
  }
};

} // namespace dormant
