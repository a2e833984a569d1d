// SPDX-License-Identifier: MIT
// W_O^h v_j for each head: the value states as the residual stream receives them. Nothing on the
// way to the loss reads them; they are made when a probe listens.
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/projection/projection.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <type_traits>

namespace dormant {

/// \param v [T, KV D]
/// \param wo the output matrix, a `projection`, or `identity`
template <class Pass, class Outputs>
void show_value_out(Pass const& p, typename Pass::matrix v, Outputs const& wo) {
  using T = typename Pass::T;
  using arch = typename Pass::arch;
  std::size_t const heads = p.s.heads, d = p.s.head_width;
  auto const all = p.side(p.s.width, heads);
  std::size_t const step = p.s.context * all.stride; // from one head to the next
  for (std::size_t h = 0; h < heads; ++h) {
    auto out = all;
    out.data += h * step;
    if constexpr (std::is_same_v<Outputs, identity>) {
      for (std::size_t t = 0; t < v.rows; ++t) {
        for (std::size_t c = 0; c < out.cols; ++c) {
          std::size_t const in = p.kv_head(h) * d + c % d;
          out.data[t * out.stride + c] = c / d == h ? v.data[t * v.stride + in] : T{0};
        }
      }
    } else if (heads == 1) {
      p.multiply(v, wo.w, out);
    } else {
      T const* const w = p[wo.w];
      auto const of_head = p.head(v, p.kv_head(h));
      for (std::size_t t = 0; t < v.rows; ++t) {
        for (std::size_t c = 0; c < out.cols; ++c) {
          out.data[t * out.stride + c] =
              kernels::dot<arch, T>(of_head.data + t * v.stride, w + c * wo.w.cols + h * d, d);
        }
      }
    }
  }
  p.show_heads(site::value_out{}, all, heads, step);
}

} // namespace dormant
