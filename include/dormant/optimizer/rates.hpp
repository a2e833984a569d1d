// SPDX-License-Identifier: MIT
// Learning rates per group of parameters.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/tensor_spec.hpp"

namespace dormant {

/// Factors on the learning rate, one a group; 0 freezes a group's gradient step and its decay.
struct group_rates {
  double embeddings = 1; ///< token and position embeddings
  double attention = 1;  ///< W_Q, W_K, W_V, W_O, gates and learned scalars
  double mlp = 1;
  double norms = 1;
  double output = 1;

  [[nodiscard]] constexpr double of(group of_tensor) const {
    switch (of_tensor) {
    case group::embeddings: return embeddings;
    case group::attention: return attention;
    case group::mlp: return mlp;
    case group::norms: return norms;
    case group::output: return output;
    }
    return 1;
  }
};

} // namespace dormant
