// SPDX-License-Identifier: MIT
// y = W x: an MLP that is one matrix [C, C] (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/branch.hpp"

#include <string_view>

namespace dormant {

struct linear_mlp {
  static constexpr std::string_view name = "ff";
  using reads = site::norm2;
  using writes = site::mlp_out;
  using leaves = site::resid_post;

  projection w; // [C, C]
  buffer y;     // [T, C]

  // Earlier versions called the matrix `ff.w1.weight`.
  constexpr linear_mlp(plan d, sizes const& s)
      : w(d, s.width, s.width, group::mlp, "w1.weight"), y(d.output(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    w.forward(p, x, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    w.backward(p, x, dy, dx);
  }
};

} // namespace dormant
