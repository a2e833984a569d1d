// SPDX-License-Identifier: MIT
// Where each parameter tensor lies in the flat arena. Planned at compile time; gradients and
// optimizer memory have the same layout.
#pragma once

#include "dormant/error.hpp"
#include "dormant/model/structure.hpp"
#include "dormant/role.hpp"
#include "dormant/tensor.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace dormant {

/// One parameter tensor. Matrices are [out, in], as in the authors' state dict; vectors have one row.
struct tensor_spec {
  role what{};
  std::size_t layer = 0;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t offset = 0; ///< of its first element in the arena
  bool trained = true;
  bool vector = false;             ///< one-dimensional in the state dict
  std::string_view scalars_name{}; ///< the last part of the name of an attention rule's scalars
  bool linear = false;             ///< a W_1 that is a whole MLP

  [[nodiscard]] constexpr std::size_t size() const { return rows * cols; }
};

/// The name in the authors' state dict, e.g. `layers.0.attention.wq.weight`.
[[nodiscard]] inline std::string tensor_name(tensor_spec const& t) {
  auto const in_layer = [&](std::string_view rest) {
    return sentence({"layers.", t.layer, ".", rest});
  };
  switch (t.what) {
  case role::token_embedding: return "tok_embeddings.weight";
  case role::position_embedding: return "pos_embeddings.weight";
  case role::attention_norm_weight: return in_layer("attention_norm.weight");
  case role::attention_norm_bias: return in_layer("attention_norm.bias");
  case role::wq: return in_layer("attention.wq.weight");
  case role::wk: return in_layer("attention.wk.weight");
  case role::wv: return in_layer("attention.wv.weight");
  case role::wo: return in_layer("attention.wo.weight");
  case role::wg: return in_layer("attention.wg.weight");
  case role::head_scalars: return in_layer(sentence({"attention.", t.scalars_name, ".weight"}));
  case role::mlp_norm_weight: return in_layer("ff_norm.weight");
  case role::mlp_norm_bias: return in_layer("ff_norm.bias");
  case role::w1: return in_layer(t.linear ? "ff.weight" : "ff.w1.weight");
  case role::w2: return in_layer("ff.w2.weight");
  case role::final_norm_weight: return "norm.weight";
  case role::final_norm_bias: return "norm.bias";
  case role::output: return "output.weight";
  }
  return {};
}

/// The name that earlier versions gave the tensor in their files; that of today if it is the same.
[[nodiscard]] inline std::string former_tensor_name(tensor_spec t) {
  t.linear = false; // was `layers.0.ff.w1.weight`
  return tensor_name(t);
}

namespace detail {
template <class Model>
struct layout_builder {
  static constexpr std::size_t most = 16 * Model::shape.layers + 8;
  std::array<tensor_spec, most> specs{};
  std::size_t count = 0;
  std::size_t size = 0;

  constexpr void add(bool present, tensor_spec t) {
    if (!present) return;
    t.offset = size;
    specs[count++] = t;
    size += padded<typename Model::scalar>(t.rows * t.cols);
  }

  template <class Block>
  constexpr void add_block(std::size_t layer) {
    constexpr auto C = Model::shape.width;
    constexpr auto F = Model::shape.hidden();
    constexpr auto H = Model::shape.heads;
    constexpr bool attends = Block::has_attention;
    add(Block::attention_norm, {role::attention_norm_weight, layer, 1, C, 0, true, true});
    add(Block::attention_norm, {role::attention_norm_bias, layer, 1, C, 0, true, true});
    add(attends, {role::wq, layer, C, C});
    add(attends, {role::wk, layer, C, C});
    add(Block::has_wv, {role::wv, layer, C, C, 0, Block::trains_wv});
    add(Block::has_wo, {role::wo, layer, C, C, 0, Block::trains_wo});
    add(attends && Block::has_gate, {role::wg, layer, C, C});
    if constexpr (Block::scalars_per_head > 0) {
      constexpr auto S = Block::scalars_per_head;
      constexpr std::string_view name = Block::attention::scalars_name;
      if constexpr (S == 1) {
        add(true, {role::head_scalars, layer, 1, H, 0, true, true, name});
      } else {
        add(true, {role::head_scalars, layer, H, S, 0, true, false, name});
      }
    }
    add(Block::mlp_norm, {role::mlp_norm_weight, layer, 1, C, 0, true, true});
    add(Block::mlp_norm, {role::mlp_norm_bias, layer, 1, C, 0, true, true});
    add(Block::has_mlp, {.what = role::w1,
                         .layer = layer,
                         .rows = Block::linear_mlp ? C : F,
                         .cols = C,
                         .linear = Block::linear_mlp});
    add(Block::has_mlp && !Block::linear_mlp, {role::w2, layer, C, F});
  }

  constexpr layout_builder() {
    constexpr auto C = Model::shape.width;
    add(true, {role::token_embedding, 0, Model::shape.vocab, C, 0, Model::trains_tokens});
    add(Model::learned_positions,
        {role::position_embedding, 0, Model::shape.context, C, 0, Model::trains_positions});
    [&]<std::size_t... L>(std::index_sequence<L...>) {
      (add_block<typename Model::template block_at<L>>(L), ...);
    }
    (std::make_index_sequence<Model::shape.layers>{});
    add(Model::final_norm, {role::final_norm_weight, 0, 1, C, 0, true, true});
    add(Model::final_norm, {role::final_norm_bias, 0, 1, C, 0, true, true});
    add(!Model::tied_output, {role::output, 0, Model::shape.vocab, C, 0, Model::trains_output});
  }
};
} // namespace detail

/// The plan of a model's parameters.
template <class Model>
struct layout {
private:
  static constexpr detail::layout_builder<Model> built{};

public:
  static constexpr std::size_t size = built.size; ///< elements of the arena, padding included
  static constexpr auto tensors = [] {
    std::array<tensor_spec, built.count> exact{};
    for (std::size_t i = 0; i < built.count; ++i) exact[i] = built.specs[i];
    return exact;
  }();
  /// Parameters as the paper counts them, frozen ones included.
  static constexpr std::size_t parameters = [] {
    std::size_t sum = 0;
    for (auto const& t : tensors) sum += t.size();
    return sum;
  }();

  static constexpr std::size_t missing = size;
  /// Offset of a tensor in the arena, or `missing` where the structure has no such tensor.
  [[nodiscard]] static constexpr std::size_t offset(role what, std::size_t layer = 0) {
    for (auto const& t : tensors) {
      if (t.what == what && t.layer == layer) return t.offset;
    }
    return missing;
  }
};

} // namespace dormant
