// SPDX-License-Identifier: MIT
// One block: x + attention(N(x)), then x + mlp(N(x)); post-norm: N(x + attention(x)), N(x + mlp(x))
// (arXiv 2410.13835, section 2), forward and backward side by side.
#pragma once

#include "dormant/model/attention.hpp"
#include "dormant/model/mlp.hpp"

#include <cstddef>

namespace dormant::detail {

template <class Flow, class Block>
struct block_pass {
  using Model = typename Flow::Model;
  using attention = attention_branch<Flow, Block>;
  using mlp = mlp_branch<Flow, Block>;
  static constexpr bool pre1 = Block::attention_norm && !Model::post_norm;
  static constexpr bool post1 = Block::attention_norm && Model::post_norm;
  static constexpr bool pre2 = Block::mlp_norm && !Model::post_norm;
  static constexpr bool post2 = Block::mlp_norm && Model::post_norm;

  // a.post from a.x
  static void forward(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    f.template hear<site::resid_pre>(l, a.x);
    if constexpr (Block::has_attention) {
      if constexpr (pre1) {
        f.norm(a.x, w.norm1_weight, w.norm1_bias, a.y1, a.mean1, a.rstd1);
        f.template hear<site::norm1>(l, a.y1);
      }
      attention::forward(f, l);
      f.add(a.x, a.attn_out, a.sum1);
      if constexpr (post1) {
        f.norm(a.sum1, w.norm1_weight, w.norm1_bias, a.mid, a.mean1, a.rstd1);
        f.template hear<site::norm1>(l, a.mid);
      }
    }
    f.template hear<site::resid_mid>(l, a.mid);
    if constexpr (Block::has_mlp) {
      if constexpr (pre2) {
        f.norm(a.mid, w.norm2_weight, w.norm2_bias, a.y2, a.mean2, a.rstd2);
        f.template hear<site::norm2>(l, a.y2);
      }
      mlp::forward(f, l);
      f.add(a.mid, a.mlp_out, a.sum2);
      if constexpr (post2) {
        f.norm(a.sum2, w.norm2_weight, w.norm2_bias, a.post, a.mean2, a.rstd2);
        f.template hear<site::norm2>(l, a.post);
      }
    }
    f.template hear<site::resid_post>(l, a.post);
  }

  // In the forward pass this was a.post from a.x; here f.a.dx goes the other way.
  static void backward(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    auto& g = f.a;
    f.template hear<site::gradient_of<site::resid_post>>(l, g.dx);
    if constexpr (Block::has_mlp) {
      if constexpr (post2) {
        f.template hear<site::gradient_of<site::norm2>>(l, g.dx);
        f.norm_back(g.dx, a.sum2, a.mean2, a.rstd2, w.norm2_weight, g.dx, false,
                    role::mlp_norm_weight, role::mlp_norm_bias, l);
      }
      f.copy(g.dx, g.dbranch);
      mlp::backward(f, l);
      if constexpr (pre2) {
        f.template hear<site::gradient_of<site::norm2>>(l, g.dy);
        f.norm_back(g.dy, a.mid, a.mean2, a.rstd2, w.norm2_weight, g.dx, true,
                    role::mlp_norm_weight, role::mlp_norm_bias, l);
      } else {
        f.add(g.dx, g.dy, g.dx);
      }
    }
    f.template hear<site::gradient_of<site::resid_mid>>(l, g.dx);
    if constexpr (Block::has_attention) {
      if constexpr (post1) {
        f.template hear<site::gradient_of<site::norm1>>(l, g.dx);
        f.norm_back(g.dx, a.sum1, a.mean1, a.rstd1, w.norm1_weight, g.dx, false,
                    role::attention_norm_weight, role::attention_norm_bias, l);
      }
      f.copy(g.dx, g.dbranch);
      attention::backward(f, l);
      if constexpr (Model::factored) {
        if (l == 0) return; // the factors carry on from dq, dk and dv, once a step
      }
      if constexpr (pre1) {
        f.template hear<site::gradient_of<site::norm1>>(l, g.dy);
        f.norm_back(g.dy, a.x, a.mean1, a.rstd1, w.norm1_weight, g.dx, true,
                    role::attention_norm_weight, role::attention_norm_bias, l);
      } else {
        f.add(g.dx, g.dy, g.dx);
      }
    }
    f.template hear<site::gradient_of<site::resid_pre>>(l, g.dx);
  }
};

} // namespace dormant::detail
