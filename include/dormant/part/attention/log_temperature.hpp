// SPDX-License-Identifier: MIT
// s_ij log n_i, n_i the number of keys that query i sees (arXiv 2202.12172, 2501.19399).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// A temperature of 1 / log n: longer rows are as sharp as short ones. A query
/// that sees one key has the score 0.
struct log_temperature {
  using place = dormant::place::scores;
  using part = log_temperature;

  constexpr log_temperature(plan, sizes const&) {}

  template <class Pass, class Grid, class Keys>
  void forward(Pass const& p, typename Pass::matrix, Grid s, Keys keys) const {
    using T = typename Pass::T;
    for (std::size_t i = 0; i < p.length; ++i) {
      std::size_t const from = keys.first(i), n = keys.last(i) + keys.more - from;
      T const factor = std::log(static_cast<T>(n));
      for (std::size_t h = 0; h < s.heads; ++h) {
        kernels::scale<typename Pass::arch, T>(s.data + h * s.head + i * s.stride + from, n,
                                               factor);
      }
    }
  }
  template <class Pass, class Grid, class Keys>
  void backward(Pass const& p, typename Pass::matrix x, Grid d, Keys keys,
                typename Pass::matrix) const {
    forward(p, x, d, keys);
  }
};

} // namespace dormant
