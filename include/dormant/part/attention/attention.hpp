// SPDX-License-Identifier: MIT
// The attention branch: q, k, v from x, z_h = rule(q_h k_h^T / sqrt(D)) v_h, out = [z_1 .. z_H] W_O
// (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/part/attention/gate.hpp"
#include "dormant/part/attention/inputs.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/steps.hpp"
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

  using projections = typename detail::at_place<place::projections, projection, Policies...>::type;
  using values = typename detail::at_place<place::values, projections, Policies...>::type;
  using inputs_type = typename detail::at_place<place::inputs, separate_inputs<projections, values>,
                                                Policies...>::type;
  using outputs = typename detail::at_place<place::outputs, projections, Policies...>::type;
  using head_steps = detail::steps<detail::all_at_place<place::heads, Policies...>>;
  using mixed_steps = detail::steps<detail::join<detail::all_at_place<place::mixed, Policies...>,
                                                 typename detail::its_gate<Rule>::type>>;
  using weighing_type =
      weighing<Rule,
               detail::join<detail::all_at_place<place::scores, Policies...>,
                            typename detail::its_score_step<Rule>::type>,
               typename detail::at_place<place::mask, causal, Policies...>::type,
               typename detail::at_place<place::extra_keys, no_extra_key, Policies...>::type>;

  using sites = detail::join<site_list<site::q, site::k, site::v>, sites_of<head_steps>,
                             site_list<site::value_out, site::z>, sites_of<weighing_type>>;
  using bypassed = bypassed_of<inputs_type>;

  inputs_type inputs;
  outputs wo; // [C, H D]
  mixed_steps after;
  head_steps before;
  buffer q;    // [T, H D]
  buffer k, v; // [T, KV D]
  weighing_type weigh;
  buffer z;                // [T, H D] what the rule mixes
  borrowed_buffer dq, dz;  // [T, H D]
  borrowed_buffer dk, dv;  // [T, KV D]
  borrowed_buffer dv_read; // [T, KV D] by way of steps that read v; nothing where none does
  buffer y;                // [T, C]

  constexpr attention(plan d, sizes const& s)
      : inputs(d, s), wo(d.in("wo"), s.width, s.queries(), group::attention), after(d, s),
        before(d, s), q(d.keep(s.queries(), site::q::name)), k(d.keep(s.keys(), site::k::name)),
        v(d.keep(s.keys(), site::v::name)), weigh(d, s),
        z(d.keep(s.queries(), mixed_steps::empty ? site::z::name : "")), dq(d.borrow(s.queries())),
        dz(d.borrow(s.queries())), dk(d.borrow(s.keys())), dv(d.borrow(s.keys())),
        dv_read(d.borrow(mixed_steps::read_values ? s.keys() : 0)), y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const Q = p[q], K = p[k], V = p[v], Z = p[z];
    inputs.forward(p, x, Q, K, V);
    p.show(site::q{}, Q);
    p.show(site::k{}, K);
    p.show(site::v{}, V);
    auto const in = before.forward(p, x, projected(p));
    if constexpr (Pass::template heard<site::value_out>) show_value_out(p, in.v, wo);
    weigh.forward(p, x, in.q, in.k, in.v, Z);
    auto const out = after.forward(p, x, Z, in.v);
    p.show(site::z{}, out);
    wo.forward(p, out, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    auto const dQ = p[dq], dK = p[dk], dV = p[dv], dZ = p[dz], Z = p[z];
    wo.backward(p, after.made(p, Z), dy, dZ, kernels::finish::store);
    p.show(site::gradient_of<site::z>{}, dZ);
    auto const in = before.made(p, projected(p));
    if constexpr (mixed_steps::read_values) {
      after.backward(p, x, Z, dZ, dx, in.v, p.zeroed(dv_read));
    } else {
      after.backward(p, x, Z, dZ, dx);
    }
    weigh.backward(p, x, in.q, in.k, in.v, dZ, dQ, dK, dV, dx);
    if constexpr (mixed_steps::read_values) p.add(dV, p[dv_read], dV);
    before.backward(p, x, projected(p), {dQ, dK, dV}, dx);
    p.show(site::gradient_of<site::q>{}, dQ);
    p.show(site::gradient_of<site::k>{}, dK);
    p.show(site::gradient_of<site::v>{}, dV);
    inputs.backward(p, x, dQ, dK, dV, dx);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(inputs, p);
  }

private:
  template <class Pass>
  queries_keys_values<typename Pass::matrix> projected(Pass const& p) const {
    return {p[q], p[k], p[v]};
  }
};

} // namespace dormant
