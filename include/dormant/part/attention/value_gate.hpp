// SPDX-License-Identifier: MIT
// v * sigmoid(x W^T): a gate on the value states.
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/attention/steps.hpp"
#include "dormant/part/projection/projection.hpp"

#include <cstddef>

namespace dormant {

struct value_gate {
  using place = dormant::place::heads;
  using part = value_gate;

  projection w;       // [KV D, C]
  buffer open, v;     // [T, KV D] the gate, and v through it
  borrowed_buffer dg; // [T, KV D]

  constexpr value_gate(plan d, sizes const& s)
      : w(d.in("value_gate"), s.keys(), s.width, group::attention), open(d.keep(s.keys())),
        v(d.keep(s.keys())), dg(d.borrow(s.keys())) {}

  template <class Pass, class In>
  In forward(Pass const& p, typename Pass::matrix x, In in) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const g = p[open], out = p[v];
    w.forward(p, x, g);
    for (std::size_t t = 0; t < g.rows; ++t) {
      std::size_t const i = t * g.stride;
      kernels::sigmoid<arch, T>(g.data + i, g.cols, T{0});
      kernels::multiply_elements<arch, T>(in.v.data + t * in.v.stride, g.data + i, out.data + i,
                                          g.cols);
    }
    return made(p, in);
  }
  template <class Pass, class In, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, In const& in, In const& d, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const g = p[open], dgate = p[dg];
    for (std::size_t t = 0; t < g.rows; ++t) {
      T* const dv = d.v.data + t * d.v.stride;
      std::size_t const i = t * g.stride;
      kernels::multiply_elements<arch, T>(dv, in.v.data + t * in.v.stride, dgate.data + i, g.cols);
      kernels::sigmoid_gradient<arch, T>(g.data + i, dgate.data + i, g.cols);
      kernels::multiply_elements<arch, T>(dv, g.data + i, dv, g.cols);
    }
    w.backward(p, x, dgate, dx);
  }
  template <class Pass, class In>
  In made(Pass const& p, In const& in) const {
    return {in.q, in.k, p[v]};
  }
};

} // namespace dormant
