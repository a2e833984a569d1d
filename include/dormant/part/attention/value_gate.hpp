// SPDX-License-Identifier: MIT
// v * sigmoid(x W^T): a gate on the value states (G2, arXiv 2505.06708).
#pragma once

#include "dormant/part/attention/gates.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/steps.hpp"
#include "dormant/rule/output_gate.hpp"

namespace dormant {

struct value_gate {
  using place = dormant::place::heads;
  using part = value_gate;

  detail::element_gates<sigmoid_gate> gates; // W [KV D, C]

  constexpr value_gate(plan d, sizes const& s) : gates(d, d.in("value_gate"), s.keys(), s.width) {}

  template <class Pass, class In>
  In forward(Pass const& p, typename Pass::matrix x, In in) const {
    return {in.q, in.k, gates.forward(p, x, in.v)};
  }
  template <class Pass, class In, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, In const& in, In const& d, M dx) const {
    gates.backward(p, x, in.v, d.v, dx);
  }
  template <class Pass, class In>
  In made(Pass const& p, In const& in) const {
    return {in.q, in.k, p[gates.y]};
  }
};

} // namespace dormant
