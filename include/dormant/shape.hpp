// SPDX-License-Identifier: MIT
// The size of a model as one compile-time value, and the letters used for sizes everywhere.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <cstddef>
#include <cstdint>

namespace dormant {

/// The id of one vocabulary entry; the tasks put `<s>` first in a sequence, not first in the ids.
using token = std::int32_t;

/// In the place of a token that nobody knows: what follows the end of a text.
inline constexpr token no_token = -1;

/// Register i (arXiv 2309.16588) in the place of a token: an input of the model, in no vocabulary.
/// A sequence may begin with some, and what the model predicts there is not scored.
[[nodiscard]] constexpr token register_token(std::size_t i) {
  return no_token - 1 - static_cast<token>(i);
}
[[nodiscard]] constexpr bool is_register(token t) { return t < no_token; }

/// The sizes of a transformer, a structural type: `transformer<shape{.width = 64}, softmax>`.
/// The defaults are the paper's one-layer model (arXiv 2410.13835, section 2).
///
/// Letters used in every comment of the library: B batch, T position, C width, H head,
/// D head width (C / H), F hidden width of the MLP, V vocabulary, L layer.
struct shape {
  std::size_t layers = 1;    ///< L
  std::size_t heads = 1;     ///< H, must divide the width unless `head_size` is said
  std::size_t width = 256;   ///< C
  std::size_t vocab = 67;    ///< V: 65 characters, `<s>` and a delimiter
  std::size_t context = 256; ///< T, the longest sequence the model can read
  std::size_t expansion = 4; ///< F / C, how much wider the MLP is than the residual stream

  // Sizes that follow from the others unless they are said.
  std::size_t kv_heads = 0;  ///< heads of keys and values, must divide H; 0: H
  std::size_t head_size = 0; ///< D; 0: C / H
  std::size_t mlp_width = 0; ///< F; 0: expansion * C

  [[nodiscard]] constexpr std::size_t head_width() const {
    return head_size != 0 ? head_size : heads == 0 ? 0 : width / heads;
  }
  [[nodiscard]] constexpr std::size_t hidden() const {
    return mlp_width != 0 ? mlp_width : expansion * width;
  }

  friend constexpr bool operator==(shape const&, shape const&) = default;
};

/// In the place of a model's shape: the sizes are given when the model is made.
/// `transformer<at_run_time, softmax> net(sizes(read), {.seed = 1})`
inline constexpr shape at_run_time{
    .layers = 0, .heads = 0, .width = 0, .vocab = 0, .context = 0, .expansion = 0};

} // namespace dormant
