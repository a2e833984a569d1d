// SPDX-License-Identifier: MIT
// y = W_2 (f(W_1 x) * W_3 x), f = silu in Llama (SwiGLU, arXiv 2002.05202).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/mlp/activations.hpp"
#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/branch.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

/// \tparam Activation see activations.hpp
/// \tparam Projection `projection` or `biased`
template <class Activation = silu, class Projection = projection>
struct gated_mlp {
  static constexpr std::string_view name = "ff";
  using reads = site::norm2;
  using writes = site::mlp_out;
  using leaves = site::resid_post;
  using sites = site_list<site::mlp_pre, site::mlp_pre_linear, site::mlp_hidden>;

  Projection w1, w3;        // [F, C] the gate, and what it lets through
  Projection w2;            // [C, F]
  buffer pre, linear;       // [T, F] W_1 x and W_3 x
  buffer open;              // [T, F] f(pre)
  buffer hidden;            // [T, F] their product
  borrowed_buffer dh, dpre; // [T, F]
  buffer y;                 // [T, C]

  constexpr gated_mlp(plan d, sizes const& s)
      : w1(d.in("w1"), s.hidden, s.width, group::mlp),
        w3(d.in("w3"), s.hidden, s.width, group::mlp),
        w2(d.in("w2"), s.width, s.hidden, group::mlp), pre(d.keep(s.hidden, site::mlp_pre::name)),
        linear(d.keep(s.hidden, site::mlp_pre_linear::name)), open(d.keep(s.hidden)),
        hidden(d.keep(s.hidden, site::mlp_hidden::name)), dh(d.borrow(s.hidden)),
        dpre(d.borrow(s.hidden)), y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const a = p[pre], u = p[linear], g = p[open], h = p[hidden];
    w1.forward(p, x, a);
    p.show(site::mlp_pre{}, a);
    w3.forward(p, x, u);
    p.show(site::mlp_pre_linear{}, u);
    for (std::size_t t = 0; t < h.rows; ++t) {
      std::size_t const i = t * h.stride;
      Activation::template forward<arch, T>(a.data + i, g.data + i, h.cols);
      kernels::multiply_elements<arch, T>(g.data + i, u.data + i, h.data + i, h.cols);
    }
    p.show(site::mlp_hidden{}, h);
    w2.forward(p, h, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const a = p[pre], u = p[linear], g = p[open], d = p[dh], da = p[dpre];
    w2.backward(p, p[hidden], dy, d, kernels::finish::store);
    p.show(site::gradient_of<site::mlp_hidden>{}, d);
    for (std::size_t t = 0; t < d.rows; ++t) {
      std::size_t const i = t * d.stride;
      kernels::multiply_elements<arch, T>(d.data + i, u.data + i, da.data + i, d.cols);
      Activation::template backward<arch, T>(a.data + i, da.data + i, d.cols);
      kernels::multiply_elements<arch, T>(d.data + i, g.data + i, d.data + i, d.cols);
    }
    p.show(site::gradient_of<site::mlp_pre_linear>{}, d);
    w3.backward(p, x, d, dx);
    p.show(site::gradient_of<site::mlp_pre>{}, da);
    w1.backward(p, x, da, dx);
  }
};

} // namespace dormant
