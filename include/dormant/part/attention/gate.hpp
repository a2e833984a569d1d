// SPDX-License-Identifier: MIT
// z = mixed * g, g = gate(x W_G^T): a gate on each element of the head outputs (G1, arXiv 2505.06708).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/projection/projection.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// \tparam Gate see `sigmoid_gate` in output_gate.hpp
template <class Gate>
struct head_gate {
  projection wg;         // [H D, C]
  buffer open;           // [T, H D] g
  buffer y;              // [T, H D] z
  borrowed_buffer dgate; // [T, H D]

  constexpr head_gate(plan d, sizes const& s)
      : wg(d.in("wg"), s.queries(), s.width, group::attention), open(d.keep(s.queries())),
        y(d.keep(s.queries(), site::z::name)), dgate(d.borrow(s.queries())) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M mixed) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const g = p[open], z = p[y];
    wg.forward(p, x, g);
    for (std::size_t t = 0; t < g.rows; ++t) {
      std::size_t const i = t * g.stride;
      Gate::template forward<arch, T>(g.data + i, g.cols);
      kernels::multiply_elements<arch, T>(mixed.data + i, g.data + i, z.data + i, g.cols);
    }
    return z;
  }
  // dz becomes the gradient of what was mixed; dx gets the gate's share
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M mixed, M dz, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const g = p[open], d = p[dgate];
    for (std::size_t t = 0; t < g.rows; ++t) {
      std::size_t const i = t * g.stride;
      kernels::multiply_elements<arch, T>(dz.data + i, mixed.data + i, d.data + i, g.cols);
      Gate::template backward<arch, T>(g.data + i, d.data + i, g.cols);
      kernels::multiply_elements<arch, T>(dz.data + i, g.data + i, dz.data + i, g.cols);
    }
    wg.backward(p, x, d, dx);
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[y];
  }
};

namespace detail {
/// A gate that a rule brings along, as a list.
template <class Rule>
struct its_gate {
  using type = types<>;
};
template <class Rule>
  requires requires { typename Rule::gate; }
struct its_gate<Rule> {
  using type = types<head_gate<typename Rule::gate>>;
};
/// A part between scores and rule that a rule brings along: `using score_step = forget_gate`.
template <class Rule>
struct its_score_step {
  using type = types<>;
};
template <class Rule>
  requires requires { typename Rule::score_step; }
struct its_score_step<Rule> {
  using type = types<typename Rule::score_step>;
};
} // namespace detail

} // namespace dormant
