// SPDX-License-Identifier: MIT
// Exact algebra for one head: q k^T = y (W_Q^T W_K) y^T and z W_O^T = P y (W_O W_V)^T. The products
// of matrices are made once a step, and their gradients taken apart once a step.
#pragma once

#include "dormant/fast/merged_inputs.hpp"
#include "dormant/kernels/matmul.hpp"
#include "dormant/part/attention/attention.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/value_out.hpp"
#include "dormant/part/attention/weighing.hpp"
#include "dormant/plan/plan.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace dormant {

namespace detail {
template <class Values>
inline constexpr bool trains = !std::is_same_v<Values, untrained<projection>>;

} // namespace detail

/// The attention branch with merged matrices. `q`, `k`, `v` and `z` do not exist on the way: probes
/// are shown them, made on the side.
template <class Rule, class... Policies>
struct merged_attention {
  static constexpr std::string_view name = "attention";
  using reads = site::norm1;
  using writes = site::attn_out;
  using leaves = site::resid_mid;
  using wv_type = typename detail::at_place<place::values, projection, Policies...>::type;
  using wo_type = typename detail::at_place<place::outputs, projection, Policies...>::type;
  static_assert(
      !std::is_same_v<wv_type, identity> && !std::is_same_v<wo_type, identity> &&
          !requires { typename Rule::gate; },
      "dormant::block: merged_projections needs W_V and W_O, and no gate between them");
  static_assert(((detail::stands_at<Policies, place::values> ||
                  detail::stands_at<Policies, place::outputs> ||
                  detail::stands_at<Policies, place::inputs>)&&...),
                "dormant::block: merged_projections leaves no place between q, k, v and scores");
  using inputs_type = typename detail::at_place<
      place::inputs, detail::merged_inputs<detail::trains<wv_type>, detail::trains<wo_type>>,
      Policies...>::type;

  using sites = detail::join<site_list<site::q, site::k, site::v, site::value_out, site::z>,
                             sites_of<weighing<Rule>>>;
  using bypassed =
      detail::join<site_list<site::q, site::k, site::v, site::z>, bypassed_of<inputs_type>>;

  inputs_type inputs;
  buffer q, v; // [T, C]
  weighing<Rule> weigh;
  borrowed_buffer dq, dk, dv; // [T, C]
  buffer y;                   // [T, C]

  constexpr merged_attention(plan d, sizes const& s)
      : inputs(d, s), q(d.keep(s.width, site::q::name)), v(d.keep(s.width, site::v::name)),
        weigh(d, s), dq(d.borrow(s.width)), dk(d.borrow(s.width)), dv(d.borrow(s.width)),
        y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    inputs.forward(p, x, p[q], p[v]);
    show_on_the_side(p, site::q{}, x, inputs.wq);
    show_on_the_side(p, site::k{}, x, inputs.wk);
    show_on_the_side(p, site::v{}, x, inputs.wv);
    if constexpr (Pass::template heard<site::value_out>) show_value_out(p, p[v]);
    weigh.forward(p, x, p[q], x, p[v], p[y]);
    if constexpr (Pass::template heard<site::z>) show_z(p, x);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    weigh.backward(p, x, p[q], x, p[v], dy, p[dq], p[dk], p[dv], dx);
    inputs.backward(p, x, p[dq], p[dk], p[dv], dx);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(inputs, p);
  }

private:
  template <class Pass, class Site>
  static void show_on_the_side(Pass const& p, Site at, typename Pass::matrix x, weight w) {
    if constexpr (Pass::template heard<Site>) {
      auto const out = p.side(p.s.width);
      project_plainly(p, x, w, out);
      p.show(at, out);
    }
  }
  // Merged values are values as the residual stream receives them.
  template <class Pass>
  static void show_value_out(Pass const& p, typename Pass::matrix v) {
    auto const out = p.side(p.s.width);
    p.copy(v, out);
    p.show_heads(site::value_out{}, out, 1, p.s.context * out.stride);
  }
  // z = pattern v, where the pass itself only has pattern (W_O v)
  template <class Pass>
  void show_z(Pass const& p, typename Pass::matrix x) const {
    auto const plain = p.side(p.s.width, 2);
    auto z = plain;
    z.data += p.s.context * plain.stride;
    project_plainly(p, x, inputs.wv, plain);
    kernels::causal_mix<typename Pass::arch, typename Pass::T>(p[weigh.pattern].of(0), plain, z);
    p.show(site::z{}, z);
  }
  template <class Pass, class M = typename Pass::matrix>
  static void project_plainly(Pass const& p, M x, weight w, M out) {
    for (std::size_t t = 0; t < x.rows; ++t) {
      for (std::size_t c = 0; c < out.cols; ++c) {
        out.data[t * out.stride + c] = kernels::dot<typename Pass::arch, typename Pass::T>(
            x.data + t * x.stride, p[w] + c * w.cols, w.cols);
      }
    }
  }
};

/// Exact algebra for one head: scores from one matrix W_K^T W_Q, values from one matrix W_O W_V, so
/// two products a token instead of four. Same mathematics, other rounding. `q`, `k`, `v` and `z` do
/// not exist on the way: probes are shown them, interventions cannot edit them.
struct merged_projections {
  using place = dormant::place::whole;
  template <shape Shape>
  static constexpr void check() {
    static_assert(
        Shape.heads == 1 && Shape.head_width() == Shape.width,
        "dormant::transformer: merged_projections pays, and is offered, for one head only, "
        "which is as wide as the model");
  }
  template <class Rule, class... Others>
  using part = merged_attention<Rule, Others...>;
};

} // namespace dormant
