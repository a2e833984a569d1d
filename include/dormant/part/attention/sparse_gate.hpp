// SPDX-License-Identifier: MIT
// z_h * sigmoid(x[0 .. 11] w_h): one gate for the output of each head that looks at the first
// twelve inputs alone (arXiv 2505.06708 has it look at all of them).
#pragma once

#include "dormant/part/attention/gates.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/projection/projection.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant {

/// \tparam Inputs how many inputs the gates see; all of them in a model that is narrower
template <std::size_t Inputs = 12>
struct basic_sparse_gate {
  using place = dormant::place::mixed;
  using part = basic_sparse_gate;

  projection w; // [H, Inputs]
  detail::gated_heads gated;

  constexpr basic_sparse_gate(plan d, sizes const& s)
      : w(d.in("sparse_gate"), s.heads, std::min(Inputs, s.width), group::attention), gated(d, s) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M mixed) const {
    w.forward(p, seen(x), p[gated.open]);
    return gated.forward(p, mixed);
  }
  // d becomes the gradient of what was mixed
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M mixed, M d, M dx) const {
    w.backward(p, seen(x), gated.backward(p, mixed, d), seen(dx));
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[gated.z];
  }

private:
  template <class M>
  M seen(M x) const {
    return {x.data, x.rows, w.w.cols, x.stride};
  }
};

/// Twelve inputs.
using sparse_gate = basic_sparse_gate<>;

} // namespace dormant
