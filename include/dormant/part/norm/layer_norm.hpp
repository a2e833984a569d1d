// SPDX-License-Identifier: MIT
// y = (x - mean(x)) / sqrt(var(x) + eps) * gain + bias (arXiv 1607.06450).
#pragma once

#include "dormant/kernels/layer_norm.hpp"
#include "dormant/part/norm/norm_vector.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// Layer normalisation: PyTorch's, whose eps is `sizes::norm_epsilon`.
template <bool Gain, bool Bias>
struct basic_layer_norm {
  detail::norm_vector<Gain> gain; // [C]
  detail::norm_vector<Bias> bias; // [C]
  buffer y;                       // [T, C]
  column mean, rstd;              // [T]

  constexpr basic_layer_norm(plan d, sizes const& s)
      : gain(d, "weight", s.width, initial_value::one),
        bias(d, "bias", s.width, initial_value::zero), y(d.output(s.width)), mean(d.keep_column()),
        rstd(d.keep_column()) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    using T = typename Pass::T;
    kernels::layer_norm<typename Pass::arch, T, Gain && Bias>(
        x, gain.of(p), bias.of(p), static_cast<T>(p.s.norm_epsilon), p[y], p[mean], p[rstd]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    kernels::layer_norm_gradient<typename Pass::arch, typename Pass::T, Gain && Bias>(
        dy, x, p[mean], p[rstd], gain.of(p), dx, true, gain.gradient(p), bias.gradient(p));
  }
};

/// With gain and bias, as in the authors' model.
using layer_norm = basic_layer_norm<true, true>;
/// With neither (OLMo 1).
using plain_layer_norm = basic_layer_norm<false, false>;

} // namespace dormant
