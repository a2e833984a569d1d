// SPDX-License-Identifier: MIT
// What the parameter tensors of a model are for.
#pragma once

#include <cstdint>

namespace dormant {

/// What a parameter tensor is for. The order is the order in the arena.
enum class role : std::uint8_t {
  token_embedding,
  position_embedding,
  attention_norm_weight,
  attention_norm_bias,
  wq,
  wk,
  wv,
  wo,
  wg,
  head_scalars,
  mlp_norm_weight,
  mlp_norm_bias,
  w1,
  w2,
  final_norm_weight,
  final_norm_bias,
  output,
};

} // namespace dormant
