// SPDX-License-Identifier: MIT
// What one thread needs to carry one sequence forward and back: every value that the backward pass
// reads, and scratch for gradients. Memory does not depend on the batch.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/model/structure.hpp"
#include "dormant/tensor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dormant::detail {

/// Row strides of a model's buffers: rows start on 64-byte lines.
template <class Model>
struct strides {
  using T = typename Model::scalar;
  static constexpr std::size_t C = padded<T>(Model::shape.width);
  static constexpr std::size_t F = padded<T>(Model::shape.hidden());
  static constexpr std::size_t V = padded<T>(Model::shape.vocab);
  static constexpr std::size_t keys = padded<T>(Model::shape.context);
};

/// The saved values of one layer.
template <class T>
struct layer_activations {
  T* x = nullptr;        // [T, C] resid_pre
  T* y1 = nullptr;       // [T, C] what the attention branch reads
  T* mean1 = nullptr;    // [T]
  T* rstd1 = nullptr;    // [T]
  T* q = nullptr;        // [T, C]
  T* k = nullptr;        // [T, C]
  T* v = nullptr;        // [T, C]
  T* scores = nullptr;   // [H, T, keys] if the rule needs them in its backward
  T* pattern = nullptr;  // [H, T, keys]
  T* z = nullptr;        // [T, C] what W_O reads
  T* gate = nullptr;     // [T, C] opening of the output gate
  T* ungated = nullptr;  // [T, C] z before the gate
  T* attn_out = nullptr; // [T, C]
  T* sum1 = nullptr;     // [T, C] post-norm: x + attn_out
  T* mid = nullptr;      // [T, C] resid_mid
  T* y2 = nullptr;       // [T, C] what the MLP reads
  T* mean2 = nullptr;    // [T]
  T* rstd2 = nullptr;    // [T]
  T* hidden = nullptr;   // [T, F]
  T* mlp_out = nullptr;  // [T, C]
  T* sum2 = nullptr;     // [T, C] post-norm: mid + mlp_out
  T* post = nullptr;     // [T, C] resid_post

  // Copies of values from before an intervention, taken only when something edits them.
  arena<T> pattern_before; // [H, T, keys]
  arena<T> hidden_before;  // [T, F]
};

/// All buffers for one sequence of a model.
template <class Model>
class activations {
public:
  using T = typename Model::scalar;
  using stride = strides<Model>;

  activations() : arena_(plan(nullptr)) { plan(arena_.data()); }
  activations(activations const&) = delete;
  activations& operator=(activations const&) = delete;

  std::array<layer_activations<T>, Model::shape.layers> layers;
  T* embed = nullptr;      // [T, C]
  T* final_in = nullptr;   // [T, C]: the last layer's resid_post
  T* final_mean = nullptr; // [T]
  T* final_rstd = nullptr; // [T]
  T* final = nullptr;      // [T, C] what the output matrix reads
  T* logits = nullptr;     // [T, V], then their gradient

  // Gradients, shared by all layers.
  T* dx = nullptr;       // [T, C] of the residual stream
  T* dbranch = nullptr;  // [T, C] of a branch's output
  T* dy = nullptr;       // [T, C] of a branch's input
  T* dq = nullptr;       // [T, C]
  T* dk = nullptr;       // [T, C]
  T* dv = nullptr;       // [T, C]
  T* dz = nullptr;       // [T, C]
  T* dgate = nullptr;    // [T, C]
  T* dpattern = nullptr; // [H, T, keys]
  T* dhidden = nullptr;  // [T, F]
  T* packed = nullptr;   // keys or values of one head, packed
  T* left = nullptr;     // operands of a product, rewritten for short factors
  T* right = nullptr;
  arena<T> side; // values computed only because a probe listens

  /// Memory for `n` elements that only exists because a hook asked for it.
  static T* grown(arena<T>& memory, std::size_t n) {
    if (memory.size() < n) memory = arena<T>(n);
    return memory.data();
  }

  /// Takes the memory for copies from before an edit now, not when a thread first comes to one.
  void expect_edits(bool of_pattern, bool of_hidden) {
    for (auto& a : layers) {
      if (of_pattern && a.pattern != nullptr) grown(a.pattern_before, grid);
      if (of_hidden && a.hidden != nullptr) {
        grown(a.hidden_before, Model::shape.context * stride::F);
      }
    }
  }

private:
  static constexpr std::size_t grid = Model::shape.heads * Model::shape.context * stride::keys;

  std::size_t plan(T* base) {
    constexpr shape s = Model::shape;
    std::size_t used = 0;
    auto take = [&](std::size_t n) {
      T* const p = base == nullptr ? nullptr : base + used;
      used += padded<T>(n);
      return p;
    };
    constexpr std::size_t rows = s.context * stride::C;

    embed = take(rows);
    T* x = embed;
    Model::each_layer([&]<class Block>(std::size_t l) {
      auto& a = layers[l];
      a.x = x;
      if constexpr (Block::has_attention) {
        a.y1 = Block::attention_norm && !Model::post_norm ? take(rows) : a.x;
        if constexpr (Block::attention_norm) {
          a.mean1 = take(s.context);
          a.rstd1 = take(s.context);
        }
        a.q = take(rows);
        a.k = Block::merged ? a.y1 : take(rows);
        a.v = take(rows);
        if constexpr (needs_scores<typename Block::attention>) a.scores = take(grid);
        a.pattern = take(grid);
        a.z = take(rows);
        if constexpr (Block::has_gate) {
          a.gate = take(rows);
          a.ungated = take(rows);
        } else {
          a.ungated = a.z;
        }
        a.attn_out = take(rows);
      }
      a.mid = Block::has_attention ? take(rows) : a.x;
      a.sum1 = Block::attention_norm && Model::post_norm ? take(rows) : a.mid;
      if constexpr (Block::has_mlp) {
        a.y2 = Block::mlp_norm && !Model::post_norm ? take(rows) : a.mid;
        if constexpr (Block::mlp_norm) {
          a.mean2 = take(s.context);
          a.rstd2 = take(s.context);
        }
        if constexpr (!Block::linear_mlp) a.hidden = take(s.context * stride::F);
        a.mlp_out = take(rows);
      }
      a.post = Block::has_mlp ? take(rows) : a.mid;
      a.sum2 = Block::mlp_norm && Model::post_norm ? take(rows) : a.post;
      x = a.post;
    });
    final_in = x;
    final_mean = take(s.context);
    final_rstd = take(s.context);
    final = Model::final_norm ? take(rows) : x;
    logits = take(s.context * stride::V);

    dx = take(rows);
    dbranch = take(rows);
    dy = take(rows);
    dq = take(rows);
    dk = take(rows);
    dv = take(rows);
    dz = take(rows);
    dgate = take(rows);
    dpattern = take(grid);
    dhidden = take(s.context * stride::F);
    packed = take(kernels::packed_size<typename Model::arch, T>(s.head_width(), s.context));
    std::size_t const operand = Model::products::scratch(s.context, std::max(s.hidden(), s.vocab));
    left = take(operand);
    right = take(operand);
    return used;
  }

  arena<T> arena_;
};

} // namespace dormant::detail
