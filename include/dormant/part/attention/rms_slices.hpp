// SPDX-License-Identifier: MIT
// The root-mean-square norm of every head, or of all heads together, with one gain for all.
#pragma once

#include "dormant/kernels/rms_norm.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>
#include <string_view>

namespace dormant::detail {

/// Rows [T, slices * cols] normalised slice by slice.
struct rms_slices {
  weight gain; // [cols]
  column rstd; // [slices, T]
  buffer y;    // [T, slices * cols]

  constexpr rms_slices(plan d, std::size_t slices, std::size_t cols, std::string_view name = {})
      : gain(d.vector("weight", cols, initial_value::one, group::norms)),
        rstd(d.keep_column(slices)), y(d.keep(slices * cols, name)) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x) const {
    using T = typename Pass::T;
    M const out = p[y];
    for (std::size_t n = 0; n < x.cols / gain.cols; ++n) {
      kernels::rms_norm<typename Pass::arch, T, true>(slice(x, n), p[gain],
                                                      static_cast<T>(p.s.norm_epsilon),
                                                      slice(out, n), p[rstd] + n * p.s.context);
    }
    return out;
  }
  /// d becomes the gradient of x.
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M d) const {
    for (std::size_t n = 0; n < x.cols / gain.cols; ++n) {
      kernels::rms_norm_gradient<typename Pass::arch, typename Pass::T, true>(
          slice(d, n), slice(x, n), p[rstd] + n * p.s.context, p[gain], slice(d, n), false,
          p.gradient(gain));
    }
  }

private:
  template <class M>
  M slice(M x, std::size_t n) const {
    return {x.data + n * gain.cols, x.rows, gain.cols, x.stride};
  }
};

} // namespace dormant::detail
