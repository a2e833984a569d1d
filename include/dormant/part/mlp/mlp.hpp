// SPDX-License-Identifier: MIT
// y = W_2 relu(W_1 x) (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/branch.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

struct mlp {
  static constexpr std::string_view name = "ff";
  using reads = site::norm2;
  using writes = site::mlp_out;
  using leaves = site::resid_post;
  using sites = site_list<site::mlp_hidden>;

  projection w1;       // [F, C]
  projection w2;       // [C, F]
  buffer hidden;       // [T, F] after the ReLU
  spare_buffer before; // [T, F] the same before an edit
  borrowed_buffer dhidden;
  buffer y; // [T, C]

  constexpr mlp(plan d, sizes const& s)
      : w1(d.in("w1"), s.hidden, s.width, group::mlp),
        w2(d.in("w2"), s.width, s.hidden, group::mlp),
        hidden(d.keep(s.hidden, site::mlp_hidden::name)), before(d.spare(s.hidden)),
        dhidden(d.borrow(s.hidden)), y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const h = p[hidden];
    w1.forward(p, x, h, {.how = kernels::finish::relu});
    if constexpr (Pass::template edited<site::mlp_hidden>) p.copy(h, p[before]);
    p.show(site::mlp_hidden{}, h);
    w2.forward(p, h, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    // The ReLU was open where the hidden value is positive, whatever an edit made of it afterwards.
    auto const open = Pass::template edited<site::mlp_hidden> ? p[before] : p[hidden];
    auto const d = p[dhidden];
    p.weight_gradient(dy, p[hidden], w2.w);
    using mirror = site::gradient_of<site::mlp_hidden>;
    if constexpr (Pass::template heard<mirror>) {
      p.multiply_back(dy, w2.w, d, {});
      p.show(mirror{}, d);
      for (std::size_t t = 0; t < d.rows; ++t) {
        for (std::size_t i = 0; i < d.cols; ++i) {
          if (!(open.data[t * open.stride + i] > 0)) d.data[t * d.stride + i] = 0;
        }
      }
    } else { // the product closes it as it stores
      p.multiply_back(dy, w2.w, d, {.how = kernels::finish::where_positive, .mask = open});
    }
    w1.backward(p, x, d, dx);
  }
};

} // namespace dormant
