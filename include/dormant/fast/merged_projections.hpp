// SPDX-License-Identifier: MIT
// Exact algebra for one head: q k^T = y (W_Q^T W_K) y^T and z W_O^T = P y (W_O W_V)^T. The products of
// matrices are made once a step, and their gradients taken apart once a step.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/part/attention/attention.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/value_out.hpp"
#include "dormant/part/attention/weighing.hpp"
#include "dormant/plan/plan.hpp"
#include "dormant/shape.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace dormant {

namespace detail {

/// q = y (W_K^T W_Q)^T with keys y themselves, v = y (W_O W_V)^T: values as the residual stream receives
/// them. In the gradient their gradients take the places of W_Q's and W_V's until `finish`.
template <bool TrainsV, bool TrainsO>
struct merged_inputs {
  weight wq, wk, wv, wo;      // [C, C] as parameters
  step_memory scores, values; // [C, C] W_K^T W_Q and W_O W_V
  step_memory panel;          // one matrix, packed
  packed_weight by_scores, by_values;

  constexpr merged_inputs(plan d, sizes const& s)
      : wq(parameter(d.in("wq"), s)), wk(parameter(d.in("wk"), s)),
        wv(parameter(TrainsV ? d.in("wv") : d.in("wv").untrained(), s)),
        wo(parameter(TrainsO ? d.in("wo") : d.in("wo").untrained(), s)),
        scores(d.per_step(s.width * s.width)), values(d.per_step(s.width * s.width)),
        panel(d.per_step_panel(s.width, s.width)), by_scores(d.packed(wq, scores)),
        by_values(d.packed(wv, values)) {}

  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M x, M q, M v) const {
    p.multiply(x, by_scores, q);
    p.multiply(x, by_values, v);
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M dq, M dk, M dv, M dx) const {
    using kernels::finish;
    p.weight_gradient(dq, x, by_scores);
    p.multiply_back(dq, by_scores, dx, {.how = finish::accumulate});
    p.add(dx, dk, dx);
    p.weight_gradient(dv, x, by_values);
    p.multiply_back(dv, by_values, dx, {.how = finish::accumulate});
  }

  template <class Step>
  void prepare(Step const& p) const {
    using T = typename Step::T;
    using arch = typename Step::arch;
    std::fill_n(p[scores], p.s.width * p.s.width, T{0});
    kernels::multiply_transposed<arch, T>(in(p, p[wk]), in(p, p[wq]), out(p, p[scores]));
    kernels::pack<arch, T>(in(p, p[wv]), p[panel]);
    kernels::multiply<arch, T>(in(p, p[wo]), p[panel], out(p, p[values]));
  }
  /// From dL/d(W_K^T W_Q) and dL/d(W_O W_V) the gradients of all four; none of a matrix that rests.
  template <class Step>
  void finish(Step const& p) const {
    using T = typename Step::T;
    using arch = typename Step::arch;
    std::size_t const square = p.s.width * p.s.width;
    T* const dscores = p[scores]; // the merged matrices are not needed any more
    T* const dvalues = p[values];
    std::copy_n(p.gradient(wq), square, dscores);
    std::copy_n(p.gradient(wv), square, dvalues);

    kernels::pack<arch, T>(in(p, dscores), p[panel]);
    kernels::multiply<arch, T>(in(p, p[wk]), p[panel], out(p, p.gradient(wq)));
    kernels::pack_transposed<arch, T>(in(p, dscores), p[panel]);
    kernels::multiply<arch, T>(in(p, p[wq]), p[panel], out(p, p.gradient(wk)));
    std::fill_n(p.gradient(wv), square, T{0});
    kernels::multiply_transposed<arch, T>(in(p, p[wo]), in(p, dvalues), out(p, p.gradient(wv)));
    kernels::pack_transposed<arch, T>(in(p, p[wv]), p[panel]);
    kernels::multiply<arch, T>(in(p, dvalues), p[panel], out(p, p.gradient(wo)));
    for (weight const w : {wv, wo}) {
      if (!w.trained) std::fill_n(p.gradient(w), square, T{0});
    }
  }

private:
  static constexpr weight parameter(plan d, sizes const& s) {
    return d.table("weight", s.width, s.width, initial_value::uniform, group::attention);
  }
  template <class Step>
  static kernels::matrix<typename Step::T const> in(Step const& p, typename Step::T const* m) {
    return {m, p.s.width, p.s.width, p.s.width};
  }
  template <class Step>
  static kernels::matrix<typename Step::T> out(Step const& p, typename Step::T* m) {
    return {m, p.s.width, p.s.width, p.s.width};
  }
};

template <class Values>
inline constexpr bool trains = !std::is_same_v<Values, untrained<projection>>;

} // namespace detail

/// The attention branch with merged matrices. `q`, `k`, `v` and `z` do not exist on the way: probes are
/// shown them, made on the side.
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
        Shape.heads == 1,
        "dormant::transformer: merged_projections pays, and is offered, for one head only");
  }
  template <class Rule, class... Others>
  using part = merged_attention<Rule, Others...>;
};

} // namespace dormant
