// SPDX-License-Identifier: MIT
// z = mixed * g, g = gate(x W_G^T): a gate on each element of the head outputs (G1, arXiv 2505.06708).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/projection/projection.hpp"

#include <cstddef>
#include <type_traits>

namespace dormant {

/// \tparam Gate see `sigmoid_gate` in output_gate.hpp
template <class Gate>
struct head_gate {
  projection wg;         // [C, C]
  buffer open;           // [T, C] g
  buffer mixed;          // [T, C] z before the gate
  borrowed_buffer dgate; // [T, C]

  constexpr head_gate(plan d, sizes const& s)
      : wg(d.in("wg"), s.width, s.width, group::attention), open(d.keep(s.width)),
        mixed(d.keep(s.width)), dgate(d.borrow(s.width)) {}

  template <class Pass>
  auto reads(Pass const& p, typename Pass::matrix) const {
    return p[mixed];
  }
  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M x, M from, M z) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const g = p[open];
    wg.forward(p, x, g);
    for (std::size_t t = 0; t < g.rows; ++t) {
      std::size_t const i = t * g.stride;
      Gate::template forward<arch, T>(g.data + i, g.cols);
      kernels::multiply_elements<arch, T>(from.data + i, g.data + i, z.data + i, g.cols);
    }
  }
  // dz becomes the gradient of what was mixed; dx gets the gate's share
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M from, M dz, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const g = p[open], d = p[dgate];
    for (std::size_t t = 0; t < g.rows; ++t) {
      std::size_t const i = t * g.stride;
      kernels::multiply_elements<arch, T>(dz.data + i, from.data + i, d.data + i, g.cols);
      Gate::template backward<arch, T>(g.data + i, d.data + i, g.cols);
      kernels::multiply_elements<arch, T>(dz.data + i, g.data + i, dz.data + i, g.cols);
    }
    wg.backward(p, x, d, dx);
  }
};

/// No gate: the rule's output is what W_O reads.
struct no_gate {
  constexpr no_gate(plan, sizes const&) {}

  template <class Pass>
  auto reads(Pass const&, typename Pass::matrix z) const {
    return z;
  }
  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const&, M, M, M) const {}
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const&, M, M, M, M) const {}
};

namespace detail {
template <class Rule>
struct its_gate {
  using type = no_gate;
};
template <class Rule>
  requires requires { typename Rule::gate; }
struct its_gate<Rule> {
  using type = head_gate<typename Rule::gate>;
};
template <class Rule>
using gate_of = typename its_gate<Rule>::type;
} // namespace detail

} // namespace dormant
