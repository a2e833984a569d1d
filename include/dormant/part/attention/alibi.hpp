// SPDX-License-Identifier: MIT
// s_ij - slope_h (i - j): attention with linear biases (arXiv 2108.12409).
#pragma once

#include "dormant/kernels/alibi.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

/// Positions as a bias of the scores; the slopes are those of the paper, not learned.
struct alibi {
  using place = dormant::place::scores;
  using part = alibi;

  constexpr alibi(plan, sizes const&) {}

  template <class Pass, class Grid, class Keys>
  void forward(Pass const&, typename Pass::matrix, Grid s, Keys) const {
    using T = typename Pass::T;
    for (std::size_t h = 0; h < s.heads; ++h) {
      kernels::add_alibi<typename Pass::arch, T>(static_cast<T>(kernels::alibi_slope(h, s.heads)),
                                                 s.of(h));
    }
  }
  template <class Pass, class Grid, class Keys>
  void backward(Pass const&, typename Pass::matrix, Grid, Keys, typename Pass::matrix) const {}
};

} // namespace dormant
