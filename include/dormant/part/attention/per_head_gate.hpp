// SPDX-License-Identifier: MIT
// z_h * sigmoid(x w_h): one gate for the output of each head (arXiv 2505.06708).
#pragma once

#include "dormant/part/attention/gates.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/projection/projection.hpp"

namespace dormant {

struct per_head_gate {
  using place = dormant::place::mixed;
  using part = per_head_gate;

  projection w; // [H, C]
  detail::gated_heads gated;

  constexpr per_head_gate(plan d, sizes const& s)
      : w(d.in("head_gate"), s.heads, s.width, group::attention), gated(d, s) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M mixed) const {
    w.forward(p, x, p[gated.open]);
    return gated.forward(p, mixed);
  }
  // d becomes the gradient of what was mixed
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M mixed, M d, M dx) const {
    w.backward(p, x, gated.backward(p, mixed, d), dx);
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[gated.z];
  }
};

} // namespace dormant
