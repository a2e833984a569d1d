// SPDX-License-Identifier: MIT
// q = x W_Q^T, k = x W_K^T, v = x W_V^T.
#pragma once

#include "dormant/part/projection/projection.hpp"

namespace dormant {

/// \tparam Projection `projection` or `biased`
/// \tparam Values one of them, `untrained<projection>` or `identity`
template <class Projection, class Values>
struct separate_inputs {
  Projection wq; // [H D, C]
  Projection wk; // [KV D, C]
  Values wv;     // [KV D, C]

  constexpr separate_inputs(plan d, sizes const& s)
      : wq(d.in("wq"), s.queries(), s.width, group::attention),
        wk(d.in("wk"), s.keys(), s.width, group::attention),
        wv(d.in("wv"), s.keys(), s.width, group::attention) {}

  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M x, M q, M k, M v) const {
    wq.forward(p, x, q);
    wk.forward(p, x, k);
    wv.forward(p, x, v);
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M dq, M dk, M dv, M dx) const {
    wq.backward(p, x, dq, dx);
    wk.backward(p, x, dk, dx);
    wv.backward(p, x, dv, dx);
  }
};

} // namespace dormant
