// SPDX-License-Identifier: MIT
// The products of one head under a mask: S = Q K^T, Z = A V, dV = A^T dZ.
#pragma once

#include "dormant/kernels/causal_matmul.hpp"
#include "dormant/kernels/rows.hpp"

#include <cstddef>

namespace dormant::detail {

/// Nothing is computed that lies wholly above the diagonal; A is zero there.
template <bool Ahead>
struct head_products {
  template <class Pass, class M = typename Pass::matrix, class T = typename Pass::T>
  static void scores(Pass const&, M q, T const* packed_k, M s, T scale) {
    kernels::causal_scores<typename Pass::arch, T>(q, packed_k, s, scale);
  }
  template <class Pass, class M = typename Pass::matrix, class T = typename Pass::T>
  static void mix(Pass const&, M a, M v, M z, T scale = T{1}) {
    kernels::causal_mix<typename Pass::arch, T>(a, v, z, scale);
  }
  template <class Pass, class M = typename Pass::matrix, class T = typename Pass::T>
  static void mix_transposed(Pass const&, M a, M g, M dv, kernels::finish how, T scale = T{1}) {
    kernels::causal_mix_transposed<typename Pass::arch, T>(a, g, dv, scale, how);
  }
};

/// Queries that see what comes after them are rare, so these are plain loops.
template <>
struct head_products<true> {
  template <class Pass, class M = typename Pass::matrix, class T = typename Pass::T>
  static void scores(Pass const&, M q, T const* packed_k, M s, T scale) {
    kernels::multiply<typename Pass::arch, T>(kernels::matrix<T const>(q), packed_k, s,
                                              {.scale = scale});
  }
  template <class Pass, class M = typename Pass::matrix, class T = typename Pass::T>
  static void mix(Pass const&, M a, M v, M z, T scale = T{1}) {
    for (std::size_t i = 0; i < z.rows; ++i) {
      kernels::clear<typename Pass::arch, T>(z.data + i * z.stride, z.cols);
      for (std::size_t j = 0; j < v.rows; ++j) {
        kernels::add_scaled<typename Pass::arch, T>(
            scale * a.data[i * a.stride + j], v.data + j * v.stride, z.data + i * z.stride, z.cols);
      }
    }
  }
  template <class Pass, class M = typename Pass::matrix, class T = typename Pass::T>
  static void mix_transposed(Pass const&, M a, M g, M dv, kernels::finish how, T scale = T{1}) {
    for (std::size_t j = 0; j < dv.rows; ++j) {
      T* const out = dv.data + j * dv.stride;
      if (how == kernels::finish::store) kernels::clear<typename Pass::arch, T>(out, dv.cols);
      for (std::size_t i = 0; i < g.rows; ++i) {
        kernels::add_scaled<typename Pass::arch, T>(scale * a.data[i * a.stride + j],
                                                    g.data + i * g.stride, out, dv.cols);
      }
    }
  }
};

} // namespace dormant::detail
