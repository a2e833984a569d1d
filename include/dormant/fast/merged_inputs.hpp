// SPDX-License-Identifier: MIT
// The merged matrices W_K^T W_Q and W_O W_V: made once a step, and their
// gradients taken apart once a step.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant::detail {

/// q = y (W_K^T W_Q)^T with keys y themselves, v = y (W_O W_V)^T: values as the
/// residual stream receives them. In the gradient their gradients take the places of
/// W_Q's and W_V's until `finish`.
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

} // namespace dormant::detail
