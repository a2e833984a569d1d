// SPDX-License-Identifier: MIT
// Queries and keys by their root mean square: of every head (Qwen 3), or of all heads together
// (OLMo 2), as in arXiv 2302.05442, where it is a layer norm.
#pragma once

#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/rms_slices.hpp"
#include "dormant/part/attention/steps.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

template <bool Whole>
struct basic_qk_norm {
  using place = dormant::place::heads;
  using part = basic_qk_norm;

  detail::rms_slices q_norm, k_norm;

  constexpr basic_qk_norm(plan d, sizes const& s)
      : q_norm(d.in("q_norm"), Whole ? 1 : s.heads, Whole ? s.queries() : s.head_width),
        k_norm(d.in("k_norm"), Whole ? 1 : s.kv_heads, Whole ? s.keys() : s.head_width) {}

  template <class Pass, class In>
  In forward(Pass const& p, typename Pass::matrix, In in) const {
    auto const q = q_norm.forward(p, in.q);
    auto const k = k_norm.forward(p, in.k);
    return {q, k, in.v};
  }
  template <class Pass, class In, class M = typename Pass::matrix>
  void backward(Pass const& p, M, In const& in, In const& d, M) const {
    q_norm.backward(p, in.q, d.q);
    k_norm.backward(p, in.k, d.k);
  }
  template <class Pass, class In>
  In made(Pass const& p, In const& in) const {
    return {p[q_norm.y], p[k_norm.y], in.v};
  }
};

/// Every head by itself; the heads share a gain [D].
using qk_norm = basic_qk_norm<false>;
/// All heads as one vector, with a gain of its length.
using whole_qk_norm = basic_qk_norm<true>;

} // namespace dormant
