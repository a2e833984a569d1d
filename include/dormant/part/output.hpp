// SPDX-License-Identifier: MIT
// logits = x W^T: a matrix of its own, or the token embedding.
#pragma once

#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/branch.hpp"

namespace dormant {

/// \tparam Part `projection`, or `untrained<projection>`
template <class Part = projection>
struct own_output : Part {
  constexpr own_output(plan d, sizes const& s, weight /*tokens*/)
      : Part(d.in("output"), s.vocab, s.width, group::output) {}
};

/// The token embedding once more; its gradient is added to that of the embedding.
struct tied {
  packed_weight w; // [V, C]

  constexpr tied(plan d, sizes const&, weight tokens) : w(d.packed(tokens)) {}

  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M x, M y) const {
    p.multiply(x, w, y);
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M dy, M dx) const {
    p.weight_gradient(dy, x, w);
    p.multiply_back(dy, w, dx, {.how = kernels::finish::accumulate});
  }
};

} // namespace dormant
