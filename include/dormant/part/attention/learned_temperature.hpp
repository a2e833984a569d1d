// SPDX-License-Identifier: MIT
// w_h s_ij, one learned number a head (arXiv 2010.04245, 2501.19399).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant {

/// A temperature that each head learns: w is its inverse,
/// `attention.inverse_temperature.weight` [H], and begins at 1. After `qk_norm` it is query-key
/// normalization, before `log_temperature` Scalable-Softmax.
struct learned_temperature {
  using place = dormant::place::scores;
  using part = learned_temperature;

  weight w;  // [H]
  grid cold; // [H, T query, T key] the scores before

  constexpr learned_temperature(plan d, sizes const& s)
      : w(d.in("inverse_temperature")
              .vector("weight", s.heads, initial_value::one, group::attention)),
        cold(d.keep_grid(s.heads)) {}

  template <class Pass, class Grid, class Keys>
  void forward(Pass const& p, typename Pass::matrix, Grid s, Keys keys) const {
    using T = typename Pass::T;
    auto const kept = p[cold];
    for_each_row(p, s, keys, [&](std::size_t h, std::size_t at, std::size_t n) {
      std::copy_n(s.data + at, n, kept.data + at);
      kernels::scale<typename Pass::arch, T>(s.data + at, n, p[w][h]);
    });
  }
  // ds = w d, dw = sum_ij s d
  template <class Pass, class Grid, class Keys>
  void backward(Pass const& p, typename Pass::matrix, Grid d, Keys keys,
                typename Pass::matrix) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const kept = p[cold];
    for_each_row(p, d, keys, [&](std::size_t h, std::size_t at, std::size_t n) {
      p.gradient(w)[h] += kernels::dot<arch, T>(kept.data + at, d.data + at, n);
      kernels::scale<arch, T>(d.data + at, n, p[w][h]);
    });
  }

private:
  template <class Pass, class Grid, class Keys, class F>
  static void for_each_row(Pass const& p, Grid g, Keys keys, F f) {
    for (std::size_t h = 0; h < g.heads; ++h) {
      for (std::size_t i = 0; i < p.length; ++i) {
        std::size_t const from = keys.first(i);
        f(h, h * g.head + i * g.stride + from, keys.last(i) + keys.more - from);
      }
    }
  }
};

} // namespace dormant
