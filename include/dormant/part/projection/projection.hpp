// SPDX-License-Identifier: MIT
// y = x W^T.
#pragma once

#include "dormant/error.hpp"
#include "dormant/kernels/register_tile.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

/// One matrix [out, in]. Its output is the caller's memory, so that a
/// product can end in what follows.
struct projection {
  packed_weight w; // [out, in]

  constexpr projection(plan d, std::size_t out, std::size_t in, group of,
                       std::string_view former = {})
      : w(d.matrix("weight", out, in, of, former)) {}
  /// By a matrix that another part owns.
  constexpr explicit projection(packed_weight of_another) : w(of_another) {}

  /// y = epilogue of x W^T
  template <class Pass>
  void forward(Pass const& p, typename Pass::matrix x, typename Pass::matrix y,
               kernels::epilogue<typename Pass::T> end = {}) const {
    p.multiply(x, w, y, end);
  }
  /// dx (+)= dy W, and dW += dy^T x
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy,
                typename Pass::matrix dx, kernels::finish how = kernels::finish::accumulate) const {
    weight_gradient(p, x, dy);
    p.multiply_back(dy, w, dx, {.how = how});
  }
  /// dW += dy^T x alone, where dx ends in another way
  template <class Pass>
  void weight_gradient(Pass const& p, typename Pass::matrix x, typename Pass::matrix dy) const {
    p.weight_gradient(dy, x, w);
  }
};

/// A part whose tensors keep their initial values: no gradient of them is computed.
template <class Part>
struct untrained : Part {
  constexpr untrained(plan d, auto const&... rest) : Part(d.untrained(), rest...) {}
};

/// y = x: a matrix that is the identity, not a parameter.
struct identity {
  constexpr identity(plan, std::size_t out, std::size_t in, group) {
    if (out != in) refuse({"a matrix [", out, ", ", in, "] cannot be the identity"});
  }

  template <class Pass>
  void forward(Pass const& p, typename Pass::matrix x, typename Pass::matrix y) const {
    p.copy(x, y);
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix, typename Pass::matrix dy,
                typename Pass::matrix dx, kernels::finish how = kernels::finish::accumulate) const {
    if (how == kernels::finish::accumulate) {
      p.add(dx, dy, dx);
    } else {
      p.copy(dy, dx);
    }
  }
};

} // namespace dormant
