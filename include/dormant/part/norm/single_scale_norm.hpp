// SPDX-License-Identifier: MIT
// y = g x / sqrt(mean(x^2) + eps) with one number g for all elements, so that a norm prefers
// none of them (arXiv 2506.19697).
#pragma once

#include "dormant/kernels/rms_norm.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

struct single_scale_norm {
  weight gain;       // [1]
  buffer y;          // [T, C]
  column rstd;       // [T]
  borrowed_buffer d; // [T, C] gradient of x / rms(x)

  constexpr single_scale_norm(plan p, sizes const& s)
      : gain(p.vector("weight", 1, initial_value::one, group::norms)), y(p.output(s.width)),
        rstd(p.keep_column()), d(p.borrow(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    kernels::rms_norm<arch, T>(x, nullptr, static_cast<T>(p.s.norm_epsilon), p[y], p[rstd]);
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::scale<arch, T>(p[y].row(t), x.cols, p[gain][0]);
    }
    return p[y];
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M dy, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const unit = p[d];
    p.copy(dy, unit);
    for (std::size_t t = 0; t < x.rows; ++t) {
      p.gradient(gain)[0] += p[rstd][t] * kernels::dot<arch, T>(dy.row(t), x.row(t), x.cols);
      kernels::scale<arch, T>(unit.row(t), x.cols, p[gain][0]);
    }
    kernels::rms_norm_gradient<arch, T>(unit, x, p[rstd], nullptr, dx, true, nullptr);
  }
};

} // namespace dormant
