// SPDX-License-Identifier: MIT
// One sequence through a whole model: embedding, blocks, final norm, logits, cross-entropy; and
// back. Training, evaluation, probing and intervening all run this code.
#pragma once

#include "dormant/kernels/cross_entropy.hpp"
#include "dormant/model/block.hpp"

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
    for (std::size_t t = 0; t < f.length; ++t) {
      T const* const token = f.w.tokens + static_cast<std::size_t>(f.seq.inputs[t]) * C;
      kernels::add<arch, T>(token, f.w.positions + t * C, a.embed + t * Flow::stride::C, C);
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
    for (std::size_t t = 0; t < f.length; ++t) {
      T const* const d = a.dx + t * Flow::stride::C;
      if constexpr (Model::trains_tokens) {
        auto const id = static_cast<std::size_t>(f.seq.inputs[t]);
        kernels::add_to<arch, T>(f.gradient_of(role::token_embedding) + id * C, d, C);
      }
      if constexpr (Model::trains_positions) {
        kernels::add_to<arch, T>(f.gradient_of(role::position_embedding) + t * C, d, C);
      }
    }
    return sum;
  }

private:
  static typename Flow::matrix logits(Flow const& f) {
    return {f.a.logits, f.length, V, Flow::stride::V};
  }
};

} // namespace dormant::detail
