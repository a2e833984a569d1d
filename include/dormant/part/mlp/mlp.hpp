// SPDX-License-Identifier: MIT
// y = W_2 f(W_1 x), f = relu in arXiv 2410.13835, section 2.
#pragma once

#include "dormant/part/mlp/activations.hpp"
#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/branch.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

namespace detail {
/// What f is given, where that has to be kept.
template <class Activation>
struct kept_pre {
  buffer b; // [T, F]
  constexpr kept_pre(plan d, sizes const& s) : b(d.keep(s.hidden, site::mlp_pre::name)) {}
  auto of(auto const& p, auto /*hidden*/) const { return p[b]; }
};
template <class Activation>
  requires closes_products<Activation>
struct kept_pre<Activation> {
  constexpr kept_pre(plan, sizes const&) {}
  auto of(auto const&, auto hidden) const { return hidden; }
};
} // namespace detail

/// \tparam Activation see activations.hpp
/// \tparam Projection `projection` or `biased`
template <class Activation = relu_unit, class Projection = projection>
struct mlp {
  static constexpr std::string_view name = "ff";
  using reads = site::norm2;
  using writes = site::mlp_out;
  using leaves = site::resid_post;
  using sites = site_list<site::mlp_pre, site::mlp_hidden>;

  Projection w1;                    // [F, C]
  Projection w2;                    // [C, F]
  detail::kept_pre<Activation> pre; // [T, F]
  buffer hidden;                    // [T, F] f(pre)
  spare_buffer before;              // [T, F] the same before an edit
  borrowed_buffer dhidden;
  buffer y; // [T, C]

  constexpr mlp(plan d, sizes const& s)
      : w1(d.in("w1"), s.hidden, s.width, group::mlp),
        w2(d.in("w2"), s.width, s.hidden, group::mlp), pre(d, s),
        hidden(d.keep(s.hidden, site::mlp_hidden::name)), before(d.spare(s.hidden)),
        dhidden(d.borrow(s.hidden)), y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const h = p[hidden];
    if constexpr (fused<Pass>) {
      w1.forward(p, x, h, {.how = kernels::finish::relu});
    } else {
      auto const a = pre.of(p, h);
      w1.forward(p, x, a);
      p.show(site::mlp_pre{}, a);
      for (std::size_t t = 0; t < h.rows; ++t) {
        Activation::template forward<typename Pass::arch, typename Pass::T>(
            a.data + t * a.stride, h.data + t * h.stride, h.cols);
      }
    }
    if constexpr (Pass::template edited<site::mlp_hidden>) p.copy(h, p[before]);
    p.show(site::mlp_hidden{}, h);
    w2.forward(p, h, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    // f' is that of the value that f was given, or gave, whatever an edit made of it afterwards.
    auto const h = Pass::template edited<site::mlp_hidden> ? p[before] : p[hidden];
    auto const d = p[dhidden];
    w2.weight_gradient(p, p[hidden], dy);
    using mirror = site::gradient_of<site::mlp_hidden>;
    if constexpr (fused<Pass> && !Pass::template heard<mirror> &&
                  !Pass::template heard<site::gradient_of<site::mlp_pre>>) {
      p.multiply_back(dy, w2.w, d, {.how = kernels::finish::where_positive, .mask = h});
    } else {
      p.multiply_back(dy, w2.w, d, {});
      p.show(mirror{}, d);
      auto const a = pre.of(p, h);
      for (std::size_t t = 0; t < d.rows; ++t) {
        Activation::template backward<typename Pass::arch, typename Pass::T>(
            a.data + t * a.stride, d.data + t * d.stride, d.cols);
      }
      p.show(site::gradient_of<site::mlp_pre>{}, d);
    }
    w1.backward(p, x, d, dx);
  }

private:
  // Whether the product ends in f: nobody sees what f is given.
  template <class Pass>
  static constexpr bool fused =
      detail::closes_products<Activation> && !Pass::template heard<site::mlp_pre>;
};

} // namespace dormant
