// SPDX-License-Identifier: MIT
// What gates have in common: z * gate(x W^T) element by element, and
// z_h * sigmoid(a_h) head by head.
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/plan.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <string_view>

namespace dormant::detail {

/// A gate on each element of z [T, out], opened by x [T, in].
/// \tparam Gate see `sigmoid_gate` in output_gate.hpp
template <class Gate>
struct element_gates {
  projection w;          // [out, in]
  buffer open;           // [T, out] the gates
  buffer y;              // [T, out] z through them
  borrowed_buffer dgate; // [T, out]

  /// \param of_w where W has its name
  constexpr element_gates(plan d, plan of_w, std::size_t out, std::size_t in,
                          std::string_view name = {})
      : w(of_w, out, in, group::attention), open(d.keep(out)), y(d.keep(out, name)),
        dgate(d.borrow(out)) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M z) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const g = p[open], out = p[y];
    w.forward(p, x, g);
    for (std::size_t t = 0; t < g.rows; ++t) {
      Gate::template forward<arch, T>(g.row(t), g.cols);
      kernels::multiply_elements<arch, T>(z.row(t), g.row(t), out.row(t), g.cols);
    }
    return out;
  }
  /// d becomes the gradient of z; then dx, which may be d, gets the gate's share.
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M z, M d, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const g = p[open], dg = p[dgate];
    for (std::size_t t = 0; t < g.rows; ++t) {
      kernels::multiply_elements<arch, T>(d.row(t), z.row(t), dg.row(t), g.cols);
      Gate::template backward<arch, T>(g.row(t), dg.row(t), g.cols);
      kernels::multiply_elements<arch, T>(d.row(t), g.row(t), d.row(t), g.cols);
    }
    w.backward(p, x, dg, dx);
  }
};

/// One gate for the output of each head, opened by numbers that the part around it makes.
struct gated_heads {
  buffer open;        // [T, H] the numbers, then the gates
  buffer z;           // [T, H D] through them
  borrowed_buffer dg; // [T, H]

  constexpr gated_heads(plan d, sizes const& s)
      : open(d.keep(s.heads)), z(d.keep(s.queries(), site::z::name)), dg(d.borrow(s.heads)) {}

  /// z_h * sigmoid(a_h + bias), a standing in `open`
  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M mixed, typename Pass::T bias = 0) const {
    M const g = p[open], out = p[z];
    p.copy(mixed, out);
    for (std::size_t t = 0; t < g.rows; ++t) {
      kernels::sigmoid<typename Pass::arch, typename Pass::T>(g.row(t), g.cols, bias);
      scale_heads(p, out, g, t);
    }
    return out;
  }
  /// d becomes the gradient of what was mixed; returns that of a.
  template <class Pass, class M = typename Pass::matrix>
  M backward(Pass const& p, M mixed, M d) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const g = p[open], dgate = p[dg];
    for (std::size_t t = 0; t < g.rows; ++t) {
      for (std::size_t h = 0; h < p.s.heads; ++h) {
        dgate.row(t)[h] =
            kernels::dot<arch, T>(p.head(d, h).row(t), p.head(mixed, h).row(t), p.s.head_width);
      }
      kernels::sigmoid_gradient<arch, T>(g.row(t), dgate.row(t), g.cols);
      scale_heads(p, d, g, t);
    }
    return dgate;
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

} // namespace dormant::detail
