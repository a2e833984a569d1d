// SPDX-License-Identifier: MIT
// The MLP branch: W_2 relu(W_1 y), or the single matrix W_1 y of the linear variant
// (arXiv 2410.13835, section 2), forward and backward side by side.
#pragma once

#include "dormant/model/flow.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant::detail {

template <class Flow, class Block>
struct mlp_branch {
  using T = typename Flow::T;
  using Hooks = typename Flow::Hooks;
  static constexpr auto F = Flow::F;
  static constexpr bool edits_hidden = Hooks::template edited<site::mlp_hidden>;

  // a.mlp_out from a.y2
  static void forward(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    if constexpr (Block::linear_mlp) {
      f.project(a.y2, w.w1, a.mlp_out);
    } else {
      f.multiply(f.rows(a.y2), w.w1.forward, f.hidden(a.hidden), {.how = kernels::finish::relu});
      if constexpr (edits_hidden) {
        std::size_t const n = f.length * Flow::stride::F;
        std::copy_n(a.hidden, n, Flow::memory::grown(a.hidden_before, n));
      }
      f.template hear<site::mlp_hidden>(l, a.hidden, F, Flow::stride::F);
      f.multiply(f.hidden(a.hidden), w.w2.forward, f.rows(a.mlp_out));
    }
    f.template hear<site::mlp_out>(l, a.mlp_out);
  }

  // a.dy (gradient of y2) from a.dbranch (gradient of mlp_out); weight gradients on the way
  static void backward(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    auto& g = f.a;
    f.template hear<site::gradient_of<site::mlp_out>>(l, g.dbranch);
    if constexpr (Block::linear_mlp) {
      f.weight_gradient(g.dbranch, a.y2, role::w1, l);
      f.project_back(g.dbranch, w.w1, g.dy, kernels::finish::store);
    } else {
      f.weight_gradient(f.rows(g.dbranch), f.hidden(a.hidden), f.gradient_of(role::w2, l));
      relu_back(f, l);
      f.weight_gradient(f.hidden(g.dhidden), f.rows(a.y2), f.gradient_of(role::w1, l));
      f.multiply(f.hidden(g.dhidden), w.w1.backward, f.rows(g.dy));
    }
  }

private:
  // dhidden = dbranch W_2, only where the ReLU was open. The product masks as it stores, unless an
  // intervention listens between the two.
  static void relu_back(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    auto& g = f.a;
    auto const open = f.hidden(edits_hidden ? a.hidden_before.data() : a.hidden);
    using mirror = site::gradient_of<site::mlp_hidden>;
    if constexpr (Hooks::template heard<mirror>) {
      f.multiply(f.rows(g.dbranch), w.w2.backward, f.hidden(g.dhidden));
      f.template hear<mirror>(l, g.dhidden, F, Flow::stride::F);
      for (std::size_t t = 0; t < f.length; ++t) {
        for (std::size_t i = t * Flow::stride::F; i < t * Flow::stride::F + F; ++i) {
          if (!(open.data[i] > T{0})) g.dhidden[i] = T{0};
        }
      }
    } else {
      f.multiply(f.rows(g.dbranch), w.w2.backward, f.hidden(g.dhidden),
                 {.how = kernels::finish::where_positive, .mask = open});
    }
  }
};

} // namespace dormant::detail
