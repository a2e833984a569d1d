// SPDX-License-Identifier: MIT
// z_h / rms(z_h) * gain: the output of every head by itself, before W_O.
#pragma once

#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/rms_slices.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// A norm on the heads' outputs; the heads share a gain [D].
struct head_norm {
  using place = dormant::place::mixed;
  using part = head_norm;

  detail::rms_slices norm;

  constexpr head_norm(plan d, sizes const& s)
      : norm(d.in("head_norm"), s.heads, s.head_width, site::z::name) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M, M z) const {
    return norm.forward(p, z);
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M, M z, M d, M) const {
    norm.backward(p, z, d);
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[norm.y];
  }
};

} // namespace dormant
