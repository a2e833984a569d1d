// SPDX-License-Identifier: MIT
// q, k and v held within +-c (OLMo 1's `clip_qkv`).
#pragma once

#include "dormant/part/attention/options.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/steps.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant {

template <class Options = from_sizes>
struct clip_qkv {
  using place = dormant::place::heads;
  using part = clip_qkv;

  buffer q, k, v; // as clipped

  constexpr clip_qkv(plan d, sizes const& s)
      : q(d.keep(s.queries())), k(d.keep(s.keys())), v(d.keep(s.keys())) {}

  template <class Pass, class In>
  In forward(Pass const& p, typename Pass::matrix, In in) const {
    In const out = made(p, in);
    each(p, in.q, out.q), each(p, in.k, out.k), each(p, in.v, out.v);
    return out;
  }
  // No gradient where it was clipped
  template <class Pass, class In, class M = typename Pass::matrix>
  void backward(Pass const& p, M, In const& in, In const& d, M) const {
    stop(p, in.q, d.q), stop(p, in.k, d.k), stop(p, in.v, d.v);
  }
  template <class Pass, class In>
  In made(Pass const& p, In const&) const {
    return {p[q], p[k], p[v]};
  }

private:
  template <class Pass, class M = typename Pass::matrix>
  static void each(Pass const& p, M x, M out) {
    auto const c = static_cast<typename Pass::T>(Options::clip(p.s));
    for (std::size_t t = 0; t < x.rows; ++t) {
      for (std::size_t i = 0; i < x.cols; ++i) {
        out.data[t * out.stride + i] = std::clamp(x.data[t * x.stride + i], -c, c);
      }
    }
  }
  template <class Pass, class M = typename Pass::matrix>
  static void stop(Pass const& p, M x, M d) {
    auto const c = static_cast<typename Pass::T>(Options::clip(p.s));
    for (std::size_t t = 0; t < x.rows; ++t) {
      for (std::size_t i = 0; i < x.cols; ++i) {
        auto const at = x.data[t * x.stride + i];
        if (at < -c || at > c) d.data[t * d.stride + i] = 0;
      }
    }
  }
};

} // namespace dormant
