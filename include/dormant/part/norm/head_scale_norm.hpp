// SPDX-License-Identifier: MIT
// y = x / sqrt(mean(x^2) + eps) * g_h, h the slice of C / H elements: a gain that those share which
// would make one head, between the one number of single_scale_norm and the vector of rms_norm.
#pragma once

#include "dormant/error.hpp"
#include "dormant/kernels/rms_norm.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

/// Its constructor throws an error where heads do not divide the width.
struct head_scale_norm {
  weight gain;       // [H]
  buffer y;          // [T, C]
  column rstd;       // [T]
  borrowed_buffer d; // [T, C] gradient of x / rms(x)

  constexpr head_scale_norm(plan p, sizes const& s)
      : gain(p.vector("weight", slices(s), initial_value::one, group::norms)), y(p.output(s.width)),
        rstd(p.keep_column()), d(p.borrow(s.width)) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    kernels::rms_norm<arch, T>(x, nullptr, static_cast<T>(p.s.norm_epsilon), p[y], p[rstd]);
    scale_slices(p, p[y]);
    return p[y];
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M dy, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const unit = p[d];
    p.copy(dy, unit);
    std::size_t const n = x.cols / gain.cols;
    for (std::size_t t = 0; t < x.rows; ++t) {
      for (std::size_t h = 0; h < gain.cols; ++h) {
        p.gradient(gain)[h] +=
            p[rstd][t] * kernels::dot<arch, T>(dy.row(t) + h * n, x.row(t) + h * n, n);
      }
    }
    scale_slices(p, unit);
    kernels::rms_norm_gradient<arch, T>(unit, x, p[rstd], nullptr, dx, true, nullptr);
  }

private:
  static constexpr std::size_t slices(sizes const& s) {
    if (s.width % s.heads != 0) {
      refuse({"head_scale_norm: every head has its share of the width, so heads must divide it; "
              "found ",
              s.heads, " and ", s.width});
    }
    return s.heads;
  }
  template <class Pass, class M = typename Pass::matrix>
  void scale_slices(Pass const& p, M x) const {
    std::size_t const n = x.cols / gain.cols;
    for (std::size_t t = 0; t < x.rows; ++t) {
      for (std::size_t h = 0; h < gain.cols; ++h) {
        kernels::scale<typename Pass::arch, typename Pass::T>(x.row(t) + h * n, n, p[gain][h]);
      }
    }
  }
};

} // namespace dormant
