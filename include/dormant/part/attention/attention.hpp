// SPDX-License-Identifier: MIT
// The attention branch: q, k, v from x, z_h = rule(q_h k_h^T / sqrt(D)) v_h, out = [z_1 .. z_H] W_O
// (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/part/attention/gate.hpp"
#include "dormant/part/attention/inputs.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/value_out.hpp"
#include "dormant/part/attention/weighing.hpp"
#include "dormant/part/projection/projection.hpp"

#include <string_view>

namespace dormant {

/// \tparam Rule an attention rule
/// \tparam Policies what stands in the places of places.hpp, in any order
template <class Rule, class... Policies>
struct attention {
  static constexpr std::string_view name = "attention";
  using reads = site::norm1;
  using writes = site::attn_out;
  using leaves = site::resid_mid;

  using values = typename detail::at_place<place::values, projection, Policies...>::type;
  using inputs_type =
      typename detail::at_place<place::inputs, separate_inputs<values>, Policies...>::type;
  using outputs = typename detail::at_place<place::outputs, projection, Policies...>::type;

  using sites = detail::join<site_list<site::q, site::k, site::v, site::value_out, site::z>,
                             sites_of<weighing<Rule>>>;
  using bypassed = bypassed_of<inputs_type>;

  inputs_type inputs;
  outputs wo; // [C, C]
  detail::gate_of<Rule> gate;
  buffer q, k, v; // [T, H D]
  weighing<Rule> weigh;
  buffer z;                       // [T, H D] what W_O reads
  borrowed_buffer dq, dk, dv, dz; // [T, H D]
  buffer y;                       // [T, C]

  constexpr attention(plan d, sizes const& s)
      : inputs(d, s), wo(d.in("wo"), s.width, s.width, group::attention), gate(d, s),
        q(d.keep(s.width, site::q::name)), k(d.keep(s.width, site::k::name)),
        v(d.keep(s.width, site::v::name)), weigh(d, s), z(d.keep(s.width, site::z::name)),
        dq(d.borrow(s.width)), dk(d.borrow(s.width)), dv(d.borrow(s.width)), dz(d.borrow(s.width)),
        y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const Q = p[q], K = p[k], V = p[v], Z = p[z];
    inputs.forward(p, x, Q, K, V);
    p.show(site::q{}, Q);
    p.show(site::k{}, K);
    p.show(site::v{}, V);
    if constexpr (Pass::template heard<site::value_out>) show_value_out(p, V, wo);
    auto const mixed = gate.reads(p, Z);
    weigh.forward(p, Q, K, V, mixed);
    gate.forward(p, x, mixed, Z);
    p.show(site::z{}, Z);
    wo.forward(p, Z, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    auto const dQ = p[dq], dK = p[dk], dV = p[dv], dZ = p[dz], Z = p[z];
    wo.backward(p, Z, dy, dZ, kernels::finish::store);
    p.show(site::gradient_of<site::z>{}, dZ);
    gate.backward(p, x, gate.reads(p, Z), dZ, dx);
    weigh.backward(p, p[q], p[k], p[v], dZ, dQ, dK, dV);
    p.show(site::gradient_of<site::q>{}, dQ);
    p.show(site::gradient_of<site::k>{}, dK);
    p.show(site::gradient_of<site::v>{}, dV);
    inputs.backward(p, x, dQ, dK, dV, dx);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(inputs, p);
  }
};

} // namespace dormant
