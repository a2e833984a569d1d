// SPDX-License-Identifier: MIT
// The sizes of a model as its parts read them, every one said, whether they
// come from a type or from a file.
#pragma once

#include "dormant/error.hpp"
#include "dormant/kernels/rotary.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <cstdint>

namespace dormant {

/// How rotary embedding turns q and k; see kernels/rotary.hpp for the formulas.
struct rotary_options {
  enum class stretch : std::uint8_t { none, llama3, yarn };
  double base = 10000;
  std::size_t dimensions = 0; ///< of a head that turn, an even number; 0: all
  bool interleaved = false;   ///< pairs (2 i, 2 i + 1) instead of (i, i + dimensions / 2)
  stretch scaling = stretch::none;
  kernels::llama3_scaling llama3{};
  kernels::yarn_scaling yarn{};
};

/// What a part's constructor and its pass are given. L layers, H heads, D head width, C width, F
/// MLP width, V vocabulary, T context.
struct sizes {
  std::size_t layers = 1;     ///< L
  std::size_t heads = 1;      ///< H
  std::size_t kv_heads = 1;   ///< heads of keys and values, which H / kv_heads queries share
  std::size_t head_width = 1; ///< D
  std::size_t width = 1;      ///< C
  std::size_t hidden = 1;     ///< F
  std::size_t vocab = 1;      ///< V
  std::size_t context = 1;    ///< T

  // Numbers that go with parts which not every model has; read from a model's files, or left alone.
  double norm_epsilon = 1e-5; ///< added to variances; PyTorch's default
  rotary_options rotary{};
  double clip = 8;        ///< q, k and v stay within +-clip (OLMo)
  double soft_cap = 50;   ///< scores stay within +-soft_cap (Gemma 2)
  double temperature = 1; ///< scores are divided by it, beside sqrt(D)
  std::size_t window = 0; ///< keys that a query sees, its own included; 0: all before it

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

/// \throws error for sizes that no model can have
constexpr void check_sizes(sizes const& s) {
  if (s.layers == 0 || s.heads == 0 || s.kv_heads == 0 || s.head_width == 0 || s.width == 0 ||
      s.hidden == 0 || s.vocab == 0 || s.context == 0) {
    refuse({"sizes: layers, heads, widths, vocab and context must be positive"});
  }
  if (s.heads % s.kv_heads != 0) {
    refuse({"sizes: kv_heads must divide heads, found ", s.kv_heads, " and ", s.heads});
  }
}

} // namespace dormant
