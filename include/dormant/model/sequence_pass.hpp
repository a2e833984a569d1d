// SPDX-License-Identifier: MIT
// One sequence through a whole model: embedding, blocks, final norm, logits, cross-entropy; and
// back. Training, evaluation, probing and intervening all run this code.
#pragma once

#include "dormant/kernels/cross_entropy.hpp"
#include "dormant/model/block.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant::detail {

template <class Flow>
struct sequence_pass {
  using Model = typename Flow::Model;
  using T = typename Flow::T;
  using arch = typename Flow::arch;
  static constexpr auto C = Flow::C;
  static constexpr auto V = Flow::V;
  static constexpr auto last = Model::shape.layers - 1;

  // f.a.logits from f.seq.inputs
  static void forward(Flow const& f) {
    auto& a = f.a;
    if constexpr (heard<site::tok_embed> || heard<site::pos_embed>) {
      embed_apart(f);
    } else {
      for (std::size_t t = 0; t < f.length; ++t)
        kernels::add<arch, T>(token(f, t), f.w.positions + t * C, a.embed + t * Flow::stride::C, C);
    }
    f.template hear<site::embed>(0, a.embed);
    Model::each_layer([&]<class Block>(std::size_t l) { block_pass<Flow, Block>::forward(f, l); });
    if constexpr (Model::final_norm) {
      f.norm(a.final_in, f.w.norm_weight, f.w.norm_bias, a.final, a.final_mean, a.final_rstd);
      f.template hear<site::final_norm>(last, a.final);
    }
    f.multiply(f.rows(a.final), f.w.output.forward, logits(f));
    f.template hear<site::logits>(last, a.logits, V, Flow::stride::V);
  }

  /// Sum of the cross-entropies over the positions of the sequence, nats.
  static double loss(Flow const& f) {
    return kernels::cross_entropy_value<arch, T>(logits(f), f.seq.targets.data());
  }

  // The same, and all gradients of `scale` times the sum added to f.gradient.
  static double loss_and_backward(Flow const& f, T scale) {
    auto& a = f.a;
    double const sum = kernels::cross_entropy<arch, T>(logits(f), f.seq.targets.data(), scale);
    f.template hear<site::gradient_of<site::logits>>(last, a.logits, V, Flow::stride::V);

    if constexpr (Model::tied_output || Model::trains_output) {
      constexpr role target = Model::tied_output ? role::token_embedding : role::output;
      if constexpr (!Model::tied_output || Model::trains_tokens) {
        f.weight_gradient(logits(f), f.rows(a.final), f.gradient_of(target));
      }
    }
    f.multiply(logits(f), f.w.output.backward, f.rows(a.dx));
    if constexpr (Model::final_norm) {
      f.template hear<site::gradient_of<site::final_norm>>(last, a.dx);
      f.norm_back(a.dx, a.final_in, a.final_mean, a.final_rstd, f.w.norm_weight, a.dx, false,
                  role::final_norm_weight, role::final_norm_bias);
    }
    Model::each_layer_backwards(
        [&]<class Block>(std::size_t l) { block_pass<Flow, Block>::backward(f, l); });

    f.template hear<site::gradient_of<site::embed>>(0, a.dx);
    // Both embeddings have the gradient of their sum, each its own where a hook edits one of them.
    T* dposition = a.dx;
    if constexpr (edited<site::gradient_of<site::tok_embed>> ||
                  edited<site::gradient_of<site::pos_embed>>) {
      dposition = a.dbranch;
      f.copy(a.dx, dposition);
    }
    f.template hear<site::gradient_of<site::pos_embed>>(0, dposition);
    f.template hear<site::gradient_of<site::tok_embed>>(0, a.dx);
    for (std::size_t t = 0; t < f.length; ++t) {
      std::size_t const i = t * Flow::stride::C;
      if constexpr (Model::trains_tokens) {
        auto const id = static_cast<std::size_t>(f.seq.inputs[t]);
        kernels::add_to<arch, T>(f.gradient_of(role::token_embedding) + id * C, a.dx + i, C);
      }
      if constexpr (Model::trains_positions) {
        kernels::add_to<arch, T>(f.gradient_of(role::position_embedding) + t * C, dposition + i, C);
      }
    }
    return sum;
  }

private:
  template <class Site>
  static constexpr bool heard = Flow::Hooks::template heard<Site>;
  template <class Site>
  static constexpr bool edited = Flow::Hooks::template edited<Site>;

  static T const* token(Flow const& f, std::size_t t) {
    return f.w.tokens + static_cast<std::size_t>(f.seq.inputs[t]) * C;
  }
  // The same as above by way of memory in which hooks see, and may edit, each of the two.
  static void embed_apart(Flow const& f) {
    std::size_t const n = f.length * Flow::stride::C;
    T* const of_tokens = Flow::memory::grown(f.a.side, 2 * n);
    T* const of_positions = of_tokens + n;
    for (std::size_t t = 0; t < f.length; ++t) {
      std::copy_n(token(f, t), C, of_tokens + t * Flow::stride::C);
      std::copy_n(f.w.positions + t * C, C, of_positions + t * Flow::stride::C);
    }
    f.template hear<site::tok_embed>(0, of_tokens);
    f.template hear<site::pos_embed>(0, of_positions);
    f.add(of_tokens, of_positions, f.a.embed);
  }
  static typename Flow::matrix logits(Flow const& f) {
    return {f.a.logits, f.length, V, Flow::stride::V};
  }
};

} // namespace dormant::detail
