// SPDX-License-Identifier: MIT
// y = (x - mean(x)) / sqrt(var(x) + eps) * gain + bias (arXiv 1607.06450).
#pragma once

#include "dormant/kernels/layer_norm.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// Layer normalisation as in the authors' model: PyTorch's, whose eps is `sizes::norm_epsilon`.
struct layer_norm {
  weight gain, bias; // [C]
  buffer y;          // [T, C]
  column mean, rstd; // [T]

  constexpr layer_norm(plan d, sizes const& s)
      : gain(d.vector("weight", s.width, initial_value::one, group::norms)),
        bias(d.vector("bias", s.width, initial_value::zero, group::norms)), y(d.output(s.width)),
        mean(d.keep_column()), rstd(d.keep_column()) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    using T = typename Pass::T;
    kernels::layer_norm<typename Pass::arch, T>(
        x, p[gain], p[bias], static_cast<T>(p.s.norm_epsilon), p[y], p[mean], p[rstd]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    kernels::layer_norm_gradient<typename Pass::arch, typename Pass::T>(
        dy, x, p[mean], p[rstd], p[gain], dx, true, p.gradient(gain), p.gradient(bias));
  }
};

} // namespace dormant
