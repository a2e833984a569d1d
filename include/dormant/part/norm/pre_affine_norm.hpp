// SPDX-License-Identifier: MIT
// y = lambda x / sqrt(mean((lambda x)^2) + eps) * gain: a learned vector before the norm, which can
// shrink large elements before they set the scale of all others (PreAffine, arXiv 2601.22966).
#pragma once

#include "dormant/kernels/rms_norm.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/kernels/simd.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

/// With lambda at 1, where it begins, it is `rms_norm`. The scale that probes
/// are shown is that of lambda x.
struct pre_affine_norm {
  weight lambda, gain; // [C]
  buffer scaled;       // [T, C] lambda x
  buffer y;            // [T, C]
  column rstd;         // [T]
  borrowed_buffer d;   // [T, C] gradient of lambda x

  constexpr pre_affine_norm(plan p, sizes const& s)
      : lambda(p.vector("lambda", s.width, initial_value::one, group::norms)),
        gain(p.vector("weight", s.width, initial_value::one, group::norms)),
        scaled(p.keep(s.width)), y(p.output(s.width)), rstd(p.keep_column()), d(p.borrow(s.width)) {
  }

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const by_lambda = p[scaled];
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::multiply_elements<arch, T>(x.row(t), p[lambda], by_lambda.row(t), x.cols);
    }
    kernels::rms_norm<arch, T, true>(by_lambda, p[gain], static_cast<T>(p.s.norm_epsilon), p[y],
                                     p[rstd]);
    return p[y];
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M dy, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const of_scaled = p[d];
    kernels::rms_norm_gradient<arch, T, true>(dy, p[scaled], p[rstd], p[gain], of_scaled, false,
                                              p.gradient(gain));
    for (std::size_t t = 0; t < x.rows; ++t) {
      add_product<arch, T>(of_scaled.row(t), x.row(t), p.gradient(lambda), x.cols);
      add_product<arch, T>(of_scaled.row(t), p[lambda], dx.row(t), x.cols);
    }
  }

private:
  // out = out + a * b, element by element
  template <class Arch, class T>
  static void add_product(T const* a, T const* b, T* out, std::size_t n) {
    kernels::for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      reg.store(out + i, kernels::fma(reg.load(a + i), reg.load(b + i), reg.load(out + i)));
    });
  }
};

} // namespace dormant
