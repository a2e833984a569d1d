// SPDX-License-Identifier: MIT
// Learning rates per group of parameters.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/role.hpp"

namespace dormant {

/// Factors on the learning rate, one a group; 0 freezes a group's gradient step and its decay.
struct group_rates {
  double embeddings = 1; ///< token and position embeddings
  double attention = 1;  ///< W_Q, W_K, W_V, W_O, gates and learned scalars
  double mlp = 1;
  double norms = 1;
  double output = 1;

  [[nodiscard]] constexpr double of(role what) const {
    switch (what) {
    case role::token_embedding:
    case role::position_embedding: return embeddings;
    case role::wq:
    case role::wk:
    case role::wv:
    case role::wo:
    case role::wg:
    case role::head_scalars: return attention;
    case role::w1:
    case role::w2: return mlp;
    case role::output: return output;
    default: return norms;
    }
  }
};

} // namespace dormant
