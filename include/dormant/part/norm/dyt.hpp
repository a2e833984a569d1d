// SPDX-License-Identifier: MIT
// y = gain * tanh(alpha x) + bias: what stands in for a norm and looks at no other element
// (arXiv 2503.10622).
#pragma once

#include "dormant/kernels/dyt.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// Dynamic tanh. Alpha is one number and begins at 1; the paper
/// begins at 0.5 and tunes it by width.
struct dyt {
  weight alpha;      // [1]
  weight gain, bias; // [C]
  buffer y;          // [T, C]

  constexpr dyt(plan d, sizes const& s)
      : alpha(d.vector("alpha", 1, initial_value::one, group::norms)),
        gain(d.vector("weight", s.width, initial_value::one, group::norms)),
        bias(d.vector("bias", s.width, initial_value::zero, group::norms)), y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    kernels::dyt<typename Pass::arch, typename Pass::T>(x, p[alpha][0], p[gain], p[bias], p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    kernels::dyt_gradient<typename Pass::arch, typename Pass::T>(
        dy, x, p[alpha][0], p[gain], dx, true, p.gradient(alpha), p.gradient(gain),
        p.gradient(bias));
  }
};

} // namespace dormant
