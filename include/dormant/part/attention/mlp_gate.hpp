// SPDX-License-Identifier: MIT
// z_h * sigmoid(G_h(x_h) - log 3), x_h the h-th of H slices of x and G_h an MLP of four hidden
// units: a gate of each head that opens at 1/4 (gated attention, arXiv 2306.12929, section 4.2).
#pragma once

#include "dormant/kernels/activations.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/gates.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/projection/biased.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

namespace detail {
/// sigmoid(a - log 3) is 1/4 at 0. Biases begin at 0, so that decay of
/// weights too leads back to 1/4.
template <class T>
inline constexpr T a_quarter_open = static_cast<T>(-1.0986122886681098);
} // namespace detail

/// G_h(x_h) = w_2 relu(W_1 x_h + b_1) + b_2.
/// \tparam Hidden units of each head
/// Its constructor throws an error where heads do not divide the width.
template <std::size_t Hidden>
struct basic_mlp_gate {
  using place = dormant::place::mixed;
  using part = basic_mlp_gate;

  weight w1;     // [H Hidden, C / H]
  weight b1;     // [H Hidden]
  weight w2;     // [H, Hidden]
  weight b2;     // [H]
  buffer hidden; // [T, H Hidden]
  detail::gated_heads gated;

  constexpr basic_mlp_gate(plan d, sizes const& s)
      : w1(d.in("mlp_gate")
               .in("w1")
               .table("weight", s.heads * Hidden, slice(s), initial_value::uniform,
                      group::attention)),
        b1(d.in("mlp_gate")
               .in("w1")
               .vector("bias", s.heads * Hidden, initial_value::zero, group::attention)),
        w2(d.in("mlp_gate")
               .in("w2")
               .table("weight", s.heads, Hidden, initial_value::uniform, group::attention)),
        b2(d.in("mlp_gate")
               .in("w2")
               .vector("bias", s.heads, initial_value::zero, group::attention)),
        hidden(d.keep(s.heads * Hidden)), gated(d, s) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M mixed) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    for (std::size_t t = 0; t < x.rows; ++t) {
      T* const units = p[hidden].row(t);
      for (std::size_t u = 0; u < w1.rows; ++u) {
        units[u] = p[b1][u] + kernels::dot<arch, T>(read_by(u, x, t), p[w1] + u * w1.cols, w1.cols);
      }
      kernels::relu::template forward<arch, T>(units, units, w1.rows);
      for (std::size_t h = 0; h < w2.rows; ++h) {
        p[gated.open].row(t)[h] =
            p[b2][h] + kernels::dot<arch, T>(units + h * Hidden, p[w2] + h * Hidden, Hidden);
      }
    }
    return gated.forward(p, mixed, detail::a_quarter_open<T>);
  }
  // d becomes the gradient of what was mixed
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M mixed, M d, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    M const of_heads = gated.backward(p, mixed, d);
    for (std::size_t t = 0; t < x.rows; ++t) {
      T const* const units = p[hidden].row(t);
      kernels::add_to<arch, T>(p.gradient(b2), of_heads.row(t), w2.rows);
      for (std::size_t u = 0; u < w1.rows; ++u) {
        T const of_head = of_heads.row(t)[u / Hidden], g = of_head * p[w2][u];
        p.gradient(w2)[u] += of_head * units[u];
        if (units[u] <= 0) continue; // NaN is none of these
        p.gradient(b1)[u] += g;
        kernels::add_scaled<arch, T>(g, read_by(u, x, t), p.gradient(w1) + u * w1.cols, w1.cols);
        kernels::add_scaled<arch, T>(g, p[w1] + u * w1.cols, read_by(u, dx, t), w1.cols);
      }
    }
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[gated.z];
  }

private:
  static constexpr std::size_t slice(sizes const& s) {
    if (s.width % s.heads != 0) {
      refuse({"mlp_gate: every head's gate reads its share of the width, so heads must divide it; "
              "found ",
              s.heads, " and ", s.width});
    }
    return s.width / s.heads;
  }
  // What hidden unit u reads, or its gradient: the slice of its head.
  template <class M>
  auto* read_by(std::size_t u, M x, std::size_t t) const {
    return x.row(t) + u / Hidden * w1.cols;
  }
};

/// Four hidden units.
using mlp_gate = basic_mlp_gate<4>;

/// z_h * sigmoid(x w_h + b_h - log 3): the same with one linear map of all inputs for each head.
struct linear_gate {
  using place = dormant::place::mixed;
  using part = linear_gate;

  biased w; // [H, C]
  detail::gated_heads gated;

  constexpr linear_gate(plan d, sizes const& s)
      : w(d.in("linear_gate"), s.heads, s.width, group::attention), gated(d, s) {}

  template <class Pass, class M = typename Pass::matrix>
  M forward(Pass const& p, M x, M mixed) const {
    w.forward(p, x, p[gated.open]);
    return gated.forward(p, mixed, detail::a_quarter_open<typename Pass::T>);
  }
  // d becomes the gradient of what was mixed
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M mixed, M d, M dx) const {
    w.backward(p, x, gated.backward(p, mixed, d), dx);
  }
  template <class Pass, class M = typename Pass::matrix>
  M made(Pass const& p, M) const {
    return p[gated.z];
  }
};

} // namespace dormant
