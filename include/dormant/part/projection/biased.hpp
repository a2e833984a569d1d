// SPDX-License-Identifier: MIT
// y = x W^T + b.
#pragma once

#include "dormant/kernels/activations.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/part/projection/projection.hpp"

namespace dormant {

/// A projection with a bias [out], which begins at 0. To be used wherever a `projection` may stand.
struct biased : projection {
  weight bias; // [out]

  constexpr biased(plan d, std::size_t out, std::size_t in, group of)
      : projection(d, out, in, of), bias(d.vector("bias", out, initial_value::zero, of)) {}

  template <class Pass>
  void forward(Pass const& p, typename Pass::matrix x, typename Pass::matrix y,
               kernels::epilogue<typename Pass::T> end = {}) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    bool const open = end.how == kernels::finish::relu; // it comes after the bias
    if (open) end.how = kernels::finish::store;
    projection::forward(p, x, y, end);
    for (std::size_t t = 0; t < y.rows; ++t) {
      T* const row = y.data + t * y.stride;
      kernels::add_to<arch, T>(row, p[bias], y.cols);
      if (open) kernels::relu::template forward<arch, T>(row, row, y.cols);
    }
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx, kernels::finish how = kernels::finish::accumulate) const {
    weight_gradient(p, x, dy);
    p.multiply_back(dy, w, dx, {.how = how});
  }
  template <class Pass>
  void weight_gradient(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy) const {
    projection::weight_gradient(p, x, dy);
    if (!bias.trained) return;
    for (std::size_t t = 0; t < dy.rows; ++t) {
      kernels::add_to<typename Pass::arch, typename Pass::T>(p.gradient(bias),
                                                             dy.data + t * dy.stride, dy.cols);
    }
  }
};

} // namespace dormant
