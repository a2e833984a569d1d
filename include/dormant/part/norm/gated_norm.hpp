// SPDX-License-Identifier: MIT
// y = n * sigmoid(U silu(D n)), n = rms_norm(x): a gate of low rank on each element of what a norm
// makes (GatedNorm, arXiv 2601.22966).
#pragma once

#include "dormant/kernels/activations.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/part/norm/rms_norm.hpp"
#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

/// Both matrices begin as matrices of this library do, so that gates are about half open at first.
/// They belong to the group of norms.
/// \tparam Rank R, the length of D n
template <std::size_t Rank = 16>
struct basic_gated_norm {
  rms_norm norm;
  projection down;        // D [R, C]
  projection up;          // U [C, R]
  buffer pre, hidden;     // [T, R] D n, and silu of it
  buffer open;            // [T, C] the gates
  buffer y;               // [T, C]
  column rstd;            // [T] the norm's
  borrowed_buffer dn, da; // [T, C] gradients of n, and of what opens the gates
  borrowed_buffer dh;     // [T, R]

  constexpr basic_gated_norm(plan p, sizes const& s)
      : norm(p.known_as(""), s), down(p.in("down"), Rank, s.width, group::norms),
        up(p.in("up"), s.width, Rank, group::norms), pre(p.keep(Rank)), hidden(p.keep(Rank)),
        open(p.keep(s.width)), y(p.output(s.width)), rstd(norm.rstd), dn(p.borrow(s.width)),
        da(p.borrow(s.width)), dh(p.borrow(Rank)) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const n = norm.forward(p, x), g = p[open];
    down.forward(p, n, p[pre]);
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::silu::template forward<arch, T>(p[pre].row(t), p[hidden].row(t), Rank);
    }
    up.forward(p, p[hidden], g);
    for (std::size_t t = 0; t < x.rows; ++t) kernels::sigmoid<arch, T>(g.row(t), g.cols, T{0});
    p.multiply_elements(n, g, p[y]);
    return p[y];
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M dy, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const n = p[norm.y], g = p[open], of_n = p[dn], of_a = p[da], of_hidden = p[dh];
    p.multiply_elements(dy, g, of_n);
    p.multiply_elements(dy, n, of_a);
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::sigmoid_gradient<arch, T>(g.row(t), of_a.row(t), g.cols);
    }
    up.backward(p, p[hidden], of_a, of_hidden, kernels::finish::store);
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::silu::template backward<arch, T>(p[pre].row(t), of_hidden.row(t), Rank);
    }
    down.backward(p, n, of_hidden, of_n);
    norm.backward(p, x, of_n, dx);
  }
};

/// Of rank 16, as in the paper.
using gated_norm = basic_gated_norm<>;

} // namespace dormant
