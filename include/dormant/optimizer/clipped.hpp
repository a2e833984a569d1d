// SPDX-License-Identifier: MIT
// Gradients clipped by their global norm: `clipped{adamw{}, {.norm = 1}}`, as PyTorch's
// clip_grad_norm_ does (arXiv 1211.5063).
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/error.hpp"
#include "dormant/optimizer/wrapped.hpp"

#include <algorithm>

namespace dormant {

struct clip {
  double norm = 1; ///< the largest that the gradient may have
};

/// Multiplies all gradients by min(1, clip / (norm + 1e-6)), where `norm` is that of the
/// gradients of all tensors that the step follows: frozen ones do not count. Hooks at
/// `site::gradient` see the gradient before that.
template <class Optimizer>
struct clipped : Optimizer {
  using wrapped = Optimizer;
  clip most;

  [[nodiscard]] double gradient_scale(double norm) const {
    double inner = 1;
    if constexpr (detail::scales_gradients<Optimizer>) inner = Optimizer::gradient_scale(norm);
    return inner * std::min(1.0, most.norm / (inner * norm + 1e-6));
  }
  /// \throws error if the largest norm is not above 0
  template <class Model>
  void require(Model const& model) const {
    if (!(most.norm > 0)) refuse({"clipped: norm must be above 0, found ", most.norm});
    detail::require_of<Optimizer>(*this, model);
  }
};
template <class Optimizer>
clipped(Optimizer, clip) -> clipped<Optimizer>;

} // namespace dormant
