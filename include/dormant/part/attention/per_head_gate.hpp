// SPDX-License-Identifier: MIT
// z_h * sigmoid(x w_h): one gate for the output of each head (arXiv 2505.06708).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/projection/projection.hpp"

#include <cstddef>

namespace dormant {

struct per_head_gate {
  using place = dormant::place::mixed;
  using part = per_head_gate;

  projection w;       // [H, C]
  buffer open;        // [T, H] the gates
  buffer z;           // [T, H D] through them
  borrowed_buffer dg; // [T, H]

  constexpr per_head_gate(plan d, sizes const& s)
      : w(d.in("head_gate"), s.heads, s.width, group::attention), open(d.keep(s.heads)),
        z(d.keep(s.queries(), site::z::name)), dg(d.borrow(s.heads)) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M mixed) const {
    using T = typename Pass::T;
    auto const g = p[open], out = p[z];
    w.forward(p, x, g);
    p.copy(mixed, out);
    for (std::size_t t = 0; t < g.rows; ++t) {
      kernels::sigmoid<typename Pass::arch, T>(g.row(t), g.cols, T{0});
      scale_heads(p, out, g, t);
    }
    return out;
  }
  // d becomes the gradient of what was mixed
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M mixed, M d, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const g = p[open], dgate = p[dg];
    for (std::size_t t = 0; t < g.rows; ++t) {
      for (std::size_t h = 0; h < p.s.heads; ++h) {
        dgate.row(t)[h] =
            kernels::dot<arch, T>(p.head(d, h).row(t), p.head(mixed, h).row(t), p.s.head_width);
      }
      kernels::sigmoid_gradient<arch, T>(g.row(t), dgate.row(t), g.cols);
      scale_heads(p, d, g, t);
    }
    w.backward(p, x, dgate, dx);
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[z];
  }

private:
  template <class Pass, class M = typename Pass::matrix>
  static void scale_heads(Pass const& p, M x, M by, std::size_t t) {
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      kernels::scale<typename Pass::arch, typename Pass::T>(p.head(x, h).row(t), p.s.head_width,
                                                            by.row(t)[h]);
    }
  }
};

} // namespace dormant
