// SPDX-License-Identifier: MIT
// y = x / sqrt(mean(x^2) + eps) * gain (arXiv 1910.07467).
#pragma once

#include "dormant/kernels/rms_norm.hpp"
#include "dormant/part/norm/norm_vector.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// Root-mean-square normalisation; eps is `sizes::norm_epsilon`.
template <bool Gain>
struct basic_rms_norm {
  detail::norm_vector<Gain> gain; // [C]
  buffer y;                       // [T, C]
  column rstd;                    // [T]

  constexpr basic_rms_norm(plan d, sizes const& s)
      : gain(d, "weight", s.width, initial_value::one), y(d.output(s.width)),
        rstd(d.keep_column()) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    using T = typename Pass::T;
    kernels::rms_norm<typename Pass::arch, T, Gain>(x, gain.of(p), static_cast<T>(p.s.norm_epsilon),
                                                    p[y], p[rstd]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    kernels::rms_norm_gradient<typename Pass::arch, typename Pass::T, Gain>(
        dy, x, p[rstd], gain.of(p), dx, true, gain.gradient(p));
  }
};

/// With a gain, as Llama has it.
using rms_norm = basic_rms_norm<true>;
using plain_rms_norm = basic_rms_norm<false>;

} // namespace dormant
