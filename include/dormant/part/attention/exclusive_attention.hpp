// SPDX-License-Identifier: MIT
// z_i - tanh(a_h) (z_i . v_i / |v_i|^2) v_i: the output of a head without what lies along the value
// of the query's own position, or with less of it (arXiv 2603.09078).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

#include <cmath>
#include <cstddef>
#include <limits>

namespace dormant {

/// One number a for each head, which begins at 0, where this is plain attention. As it grows,
/// outputs turn orthogonal to their own values, below 0 they lean towards them. A value whose
/// square is no normal number has no direction, and nothing is taken away.
struct exclusive_attention {
  using place = dormant::place::mixed;
  using part = exclusive_attention;
  static constexpr bool reads_values = true;

  weight a; // [H]
  buffer y; // [T, H D]

  constexpr exclusive_attention(plan d, sizes const& s)
      : a(d.in("exclusive").vector("weight", s.heads, initial_value::zero, group::attention)),
        y(d.keep(s.queries(), site::z::name)) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M /*x*/, M z, M v) const {
    using T = typename Pass::T;
    M const out = p[y];
    p.copy(z, out);
    for_each_row(p, z, v, [&](std::size_t h, std::size_t t, T const* own, T share, T /*square*/) {
      kernels::add_scaled<typename Pass::arch, T>(-taken(p, h) * share, own, p.head(out, h).row(t),
                                                  p.s.head_width);
    });
    return out;
  }
  // With r = z . v / |v|^2 and e = d . v / |v|^2, which d becomes the gradient of z:
  //   dz = d - tanh(a) e v,  dv = -tanh(a) (r d + e z - 2 r e v),  da = -(1 - tanh(a)^2) r e |v|^2
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M /*x*/, M z, M d, M /*dx*/, M v, M dv) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    std::size_t const n = p.s.head_width;
    for_each_row(p, z, v, [&](std::size_t h, std::size_t t, T const* own, T r, T square) {
      T* const g = p.head(d, h).row(t);
      T* const to = p.head(dv, p.kv_head(h)).row(t);
      T const along = kernels::dot<arch, T>(g, own, n), e = along / square, c = taken(p, h);
      p.gradient(a)[h] -= (T{1} - c * c) * r * along;
      kernels::add_scaled<arch, T>(-c * r, g, to, n);
      kernels::add_scaled<arch, T>(-c * e, p.head(z, h).row(t), to, n);
      kernels::add_scaled<arch, T>(2 * c * r * e, own, to, n);
      kernels::add_scaled<arch, T>(-c * e, own, g, n);
    });
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[y];
  }

private:
  template <class Pass>
  auto taken(Pass const& p, std::size_t h) const {
    return std::tanh(p[a][h]);
  }
  // f(h, t, v, z . v / |v|^2, |v|^2) where v has a direction; one that is NaN is not passed over
  template <class Pass, class F, class M = typename Pass::matrix>
  static void for_each_row(Pass const& p, M z, M v, F f) {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    std::size_t const n = p.s.head_width;
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      for (std::size_t t = 0; t < z.rows; ++t) {
        T const* const own = p.head(v, p.kv_head(h)).row(t);
        T const square = kernels::dot<arch, T>(own, own, n);
        if (square < std::numeric_limits<T>::min()) continue;
        f(h, t, own, kernels::dot<arch, T>(p.head(z, h).row(t), own, n) / square, square);
      }
    }
  }
};

} // namespace dormant
