// SPDX-License-Identifier: MIT
// What happens to scores between q k^T and the rule: soft cap and temperature.
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/options.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// c tanh(s / c): Gemma 2's soft cap.
template <class Options = from_sizes>
struct soft_cap {
  using place = dormant::place::scores;
  using part = soft_cap;

  grid capped; // [H, T query, T key]

  constexpr soft_cap(plan d, sizes const& s) : capped(d.keep_grid(s.heads)) {}

  template <class Pass, class Grid, class Keys>
  void forward(Pass const& p, typename Pass::matrix, Grid s, Keys keys) const {
    using T = typename Pass::T;
    auto const c = static_cast<T>(Options::soft_cap(p.s));
    auto const kept = p[capped];
    for (std::size_t h = 0; h < s.heads; ++h) {
      for (std::size_t i = 0; i < p.length; ++i) {
        std::size_t const at = h * s.head + i * s.stride;
        for (std::size_t j = at + keys.first(i); j < at + keys.last(i) + keys.more; ++j) {
          kept.data[j] = s.data[j] = c * std::tanh(s.data[j] / c);
        }
      }
    }
  }
  // ds = d(1 - (capped / c)^2)
  template <class Pass, class Grid, class Keys>
  void backward(Pass const& p, typename Pass::matrix, Grid d, Keys keys,
                typename Pass::matrix) const {
    using T = typename Pass::T;
    auto const c = static_cast<T>(Options::soft_cap(p.s));
    auto const kept = p[capped];
    for (std::size_t h = 0; h < d.heads; ++h) {
      for (std::size_t i = 0; i < p.length; ++i) {
        std::size_t const at = h * d.head + i * d.stride;
        for (std::size_t j = at + keys.first(i); j < at + keys.last(i) + keys.more; ++j) {
          T const share = kept.data[j] / c;
          d.data[j] *= T{1} - share * share;
        }
      }
    }
  }
};

/// s / temperature.
template <class Options = from_sizes>
struct temperature {
  using place = dormant::place::scores;
  using part = temperature;

  constexpr temperature(plan, sizes const&) {}

  template <class Pass, class Grid, class Keys>
  void forward(Pass const& p, typename Pass::matrix, Grid s, Keys keys) const {
    using T = typename Pass::T;
    auto const factor = static_cast<T>(1 / Options::temperature(p.s));
    for (std::size_t h = 0; h < s.heads; ++h) {
      for (std::size_t i = 0; i < p.length; ++i) {
        std::size_t const from = keys.first(i);
        kernels::scale<typename Pass::arch, T>(s.data + h * s.head + i * s.stride + from,
                                               keys.last(i) + keys.more - from, factor);
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
