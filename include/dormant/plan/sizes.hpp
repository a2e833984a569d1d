// SPDX-License-Identifier: MIT
// The sizes of a model as its parts read them, every one said, whether they come from a type or from
// a file.
#pragma once

#include "dormant/error.hpp"
#include "dormant/shape.hpp"

#include <cstddef>

namespace dormant {

/// What a part's constructor and its pass are given. L layers, H heads, D head width, C width, F MLP
/// width, V vocabulary, T context.
struct sizes {
  std::size_t layers = 1;     ///< L
  std::size_t heads = 1;      ///< H
  std::size_t kv_heads = 1;   ///< heads of keys and values, as yet H
  std::size_t head_width = 1; ///< D
  std::size_t width = 1;      ///< C
  std::size_t hidden = 1;     ///< F
  std::size_t vocab = 1;      ///< V
  std::size_t context = 1;    ///< T

  double norm_epsilon = 1e-5; ///< added to variances; PyTorch's default

  constexpr sizes(shape const& of)
      : layers(of.layers), heads(of.heads), kv_heads(of.kv_heads != 0 ? of.kv_heads : of.heads),
        head_width(of.head_width()), width(of.width), hidden(of.hidden()), vocab(of.vocab),
        context(of.context) {}

  /// Width of all queries together, H D.
  [[nodiscard]] constexpr std::size_t queries() const { return heads * head_width; }
  /// Width of all keys, or values, together.
  [[nodiscard]] constexpr std::size_t keys() const { return kv_heads * head_width; }
  /// The shape that has these sizes.
  [[nodiscard]] constexpr shape as_shape() const {
    return {.layers = layers,
            .heads = heads,
            .width = width,
            .vocab = vocab,
            .context = context,
            .kv_heads = kv_heads,
            .head_size = head_width,
            .mlp_width = hidden};
  }
};

/// Whether heads are those that attention can have: of keys as many as of queries, D = C / H.
constexpr bool has_plain_heads(sizes const& s) {
  return s.kv_heads == s.heads && s.queries() == s.width;
}

/// \throws error for sizes that no model can have
constexpr void check_sizes(sizes const& s) {
  if (s.layers == 0 || s.heads == 0 || s.kv_heads == 0 || s.head_width == 0 || s.width == 0 ||
      s.hidden == 0 || s.vocab == 0 || s.context == 0) {
    refuse({"sizes: layers, heads, widths, vocab and context must be positive"});
  }
  if (!has_plain_heads(s)) {
    refuse(
        {"sizes: attention has as many heads of keys as of queries, which together are as wide as "
         "the model, ",
         s.width, "; found ", s.heads, " heads of ", s.head_width, " and ", s.kv_heads,
         " of keys"});
  }
}

} // namespace dormant
