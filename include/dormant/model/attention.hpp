// SPDX-License-Identifier: MIT
// The attention branch: z_h = rule(q_h k_h^T / sqrt(D)) v_h, out = [z_1 .. z_H] W_O
// (arXiv 2410.13835, section 2), forward and backward side by side.
#pragma once

#include "dormant/model/flow.hpp"
#include "dormant/nonlinearity/row.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace dormant::detail {

template <class Flow, class Block>
struct attention_branch {
  using T = typename Flow::T;
  using arch = typename Flow::arch;
  using Model = typename Flow::Model;
  using Hooks = typename Flow::Hooks;
  using rule = typename Block::attention;
  static constexpr auto C = Flow::C;
  static constexpr auto H = Flow::H;
  static constexpr auto D = Flow::D;
  static constexpr bool edits_pattern = Hooks::template edited<site::pattern>;

  static T score_scale() { return T{1} / std::sqrt(static_cast<T>(D)); }

  // a.attn_out from a.y1
  static void forward(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    project(f, l);
    if constexpr (Block::merged) {
      show_bypassed<site::q>(f, l, a.y1, w.parts.q);
      show_bypassed<site::k>(f, l, a.y1, w.parts.k);
      show_bypassed<site::v>(f, l, a.y1, w.parts.v);
    } else {
      f.template hear<site::q>(l, a.q);
      f.template hear<site::k>(l, a.k);
      f.template hear<site::v>(l, a.v);
    }
    if constexpr (Hooks::template heard<site::value_out>) show_value_out(f, l);

    for (std::size_t h = 0; h < H; ++h) {
      kernels::pack_transposed<arch, T>(f.head(a.k, h), f.a.packed);
      kernels::causal_scores<arch, T>(f.head(a.q, h), f.a.packed, f.grid(a.pattern, h),
                                      score_scale());
    }
    if constexpr (Hooks::template heard<site::scores>) {
      fill_future(f, a.pattern, -std::numeric_limits<T>::infinity());
      f.template hear_grid<site::scores>(l, a.pattern);
    }
    if constexpr (needs_scores<rule>) std::copy_n(a.pattern, grid_size, a.scores);
    for (std::size_t h = 0; h < H; ++h) weigh(f, l, h);
    fill_future(f, a.pattern, T{0});
    if constexpr (edits_pattern) {
      std::copy_n(a.pattern, grid_size, Flow::memory::grown(a.pattern_before, grid_size));
    }
    f.template hear_grid<site::pattern>(l, a.pattern);
    // An edit may have written there, but no query may see the future.
    if constexpr (edits_pattern) fill_future(f, a.pattern, T{0});

    for (std::size_t h = 0; h < H; ++h) {
      kernels::causal_mix<arch, T>(f.grid(a.pattern, h), f.head(a.v, h), f.head(a.ungated, h));
    }
    if constexpr (Block::has_gate) open_gate(f, l);
    if constexpr (Block::merged && Hooks::template heard<site::z>) {
      show_merged_z(f, l);
    } else {
      f.template hear<site::z>(l, a.z);
    }
    if constexpr (Block::projects_z) {
      f.project(a.z, w.wo, a.attn_out);
    } else {
      f.copy(a.z, a.attn_out);
    }
    f.template hear<site::attn_out>(l, a.attn_out);
  }

  // a.dy (gradient of y1) from a.dbranch (gradient of attn_out); weight gradients on the way
  static void backward(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    auto& g = f.a;
    f.template hear<site::gradient_of<site::attn_out>>(l, g.dbranch);
    if constexpr (Block::projects_z) {
      f.project_back(g.dbranch, w.wo, g.dz, kernels::finish::store);
      if constexpr (Block::trains_wo) f.weight_gradient(g.dbranch, a.z, role::wo, l);
    } else {
      f.copy(g.dbranch, g.dz);
    }
    f.template hear<site::gradient_of<site::z>>(l, g.dz);
    if constexpr (Block::has_gate) open_gate_back(f, l);

    for (std::size_t h = 0; h < H; ++h) {
      kernels::pack_transposed<arch, T>(f.head(a.v, h), g.packed);
      kernels::causal_scores<arch, T>(f.head(g.dz, h), g.packed, f.grid(g.dpattern, h), T{1});
      kernels::causal_mix_transposed<arch, T>(f.grid(a.pattern, h), f.head(g.dz, h),
                                              f.head(g.dv, h));
    }
    if constexpr (Hooks::template heard<site::gradient_of<site::pattern>>) {
      fill_future(f, g.dpattern, T{0});
      f.template hear_grid<site::gradient_of<site::pattern>>(l, g.dpattern);
    }
    for (std::size_t h = 0; h < H; ++h) weigh_back(f, l, h);
    fill_future(f, g.dpattern, T{0});
    f.template hear_grid<site::gradient_of<site::scores>>(l, g.dpattern);
    if constexpr (Hooks::template edited<site::gradient_of<site::scores>>) {
      fill_future(f, g.dpattern, T{0});
    }
    for (std::size_t h = 0; h < H; ++h) {
      kernels::causal_mix<arch, T>(f.grid(g.dpattern, h), f.head(a.k, h), f.head(g.dq, h),
                                   score_scale());
      kernels::causal_mix_transposed<arch, T>(f.grid(g.dpattern, h), f.head(a.q, h),
                                              f.head(g.dk, h), score_scale());
    }

    f.template hear<site::gradient_of<site::q>>(l, g.dq);
    f.template hear<site::gradient_of<site::k>>(l, g.dk);
    f.template hear<site::gradient_of<site::v>>(l, g.dv);
    project_back(f, l);
  }

private:
  // q, k, v from y1, or from the factors of layer 0
  static void project(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    if constexpr (Model::factored) {
      if (l == 0) return f.w.factors.forward(f);
    }
    f.project(a.y1, w.wq, a.q);
    if constexpr (Block::projects_k) f.project(a.y1, w.wk, a.k);
    if constexpr (Block::has_wv) {
      f.project(a.y1, w.wv, a.v);
    } else {
      f.copy(a.y1, a.v);
    }
  }
  // dy and weight gradients from dq, dk, dv
  static void project_back(Flow const& f, std::size_t l) {
    auto const& w = f.w.layers[l];
    auto& a = f.a.layers[l];
    auto& g = f.a;
    if constexpr (Model::factored) {
      if (l == 0) return f.w.factors.backward(f);
    }
    f.weight_gradient(g.dq, a.y1, role::wq, l);
    // The gate, where there is one, has written its share of dy first.
    f.project_back(g.dq, w.wq, g.dy,
                   Block::has_gate ? kernels::finish::accumulate : kernels::finish::store);
    if constexpr (Block::projects_k) {
      f.weight_gradient(g.dk, a.y1, role::wk, l);
      f.project_back(g.dk, w.wk, g.dy, kernels::finish::accumulate);
    } else {
      f.add(g.dy, g.dk, g.dy);
    }
    if constexpr (Block::has_wv) {
      if constexpr (Block::trains_wv || Block::merged) {
        f.weight_gradient(g.dv, a.y1, role::wv, l);
      }
      f.project_back(g.dv, w.wv, g.dy, kernels::finish::accumulate);
    } else {
      f.add(g.dy, g.dv, g.dy);
    }
  }

  // x W^T by plain dot products, for a site that nothing but a probe reads
  template <class Site>
  static void show_bypassed(Flow const& f, std::size_t l, T const* x, T const* matrix) {
    if constexpr (Hooks::template heard<Site>) {
      T* const out = Flow::memory::grown(f.a.side, Model::shape.context * Flow::stride::C);
      project_plainly(f, x, matrix, out);
      f.template hear<Site>(l, out);
    }
  }
  static void project_plainly(Flow const& f, T const* x, T const* matrix, T* out) {
    for (std::size_t t = 0; t < f.length; ++t) {
      std::size_t const i = t * Flow::stride::C;
      for (std::size_t c = 0; c < C; ++c) {
        out[i + c] = kernels::dot<arch, T>(x + i, matrix + c * C, C);
      }
    }
  }
  // z = pattern v, where the pass itself only has pattern (W_O v)
  static void show_merged_z(Flow const& f, std::size_t l) {
    constexpr std::size_t n = Model::shape.context * Flow::stride::C;
    auto& a = f.a.layers[l];
    T* const v = Flow::memory::grown(f.a.side, 2 * n);
    project_plainly(f, a.y1, f.w.layers[l].parts.v, v);
    kernels::causal_mix<arch, T>(f.grid(a.pattern, 0), f.rows(v), f.rows(v + n));
    f.template hear<site::z>(l, v + n);
  }
  static constexpr std::size_t grid_size = H * Model::shape.context * strides<Model>::keys;

  static T const* scalars(Flow const& f, std::size_t l, std::size_t h) {
    T const* const p = f.w.layers[l].head_scalars;
    return p == nullptr ? nullptr : p + h * Block::scalars_per_head;
  }

  static void weigh(Flow const& f, std::size_t l, std::size_t h) {
    auto const p = f.grid(f.a.layers[l].pattern, h);
    for (std::size_t i = 0; i < f.length; ++i) {
      rule::forward(attention_row<T, arch>{p.data + i * p.stride, i + 1, Model::shape.context,
                                           scalars(f, l, h)});
    }
  }
  static void weigh_back(Flow const& f, std::size_t l, std::size_t h) {
    auto& a = f.a.layers[l];
    // A rule's backward speaks of the weights it made, not of what an intervention made of them.
    T* const made = edits_pattern ? a.pattern_before.data() : a.pattern;
    auto const p = f.grid(made, h);
    auto const d = f.grid(f.a.dpattern, h);
    T* ds = nullptr;
    if constexpr (Block::scalars_per_head > 0) {
      ds = f.gradient_of(role::head_scalars, l) + h * Block::scalars_per_head;
    }
    for (std::size_t i = 0; i < f.length; ++i) {
      T const* s = nullptr;
      if constexpr (needs_scores<rule>) s = f.grid(a.scores, h).data + i * p.stride;
      rule::backward(attention_row<T, arch>{p.data + i * p.stride, i + 1, Model::shape.context,
                                            scalars(f, l, h)},
                     attention_row_gradient<T, arch>{d.data + i * d.stride, i + 1, s, ds});
    }
  }

  static void fill_future(Flow const& f, T* p, T value) {
    for (std::size_t h = 0; h < H; ++h) {
      auto const grid = f.grid(p, h);
      for (std::size_t i = 0; i < f.length; ++i) {
        std::fill(grid.data + i * grid.stride + i + 1, grid.data + i * grid.stride + f.length,
                  value);
      }
    }
  }

  // z = ungated * g, g = gate(y W_g^T)
  static void open_gate(Flow const& f, std::size_t l) {
    auto& a = f.a.layers[l];
    f.project(a.y1, f.w.layers[l].wg, a.gate);
    for (std::size_t t = 0; t < f.length; ++t) {
      std::size_t const i = t * Flow::stride::C;
      rule::gate::template forward<arch, T>(a.gate + i, C);
      kernels::multiply_elements<arch, T>(a.ungated + i, a.gate + i, a.z + i, C);
    }
  }
  // dz becomes the gradient of ungated; dy starts with the gate's share
  static void open_gate_back(Flow const& f, std::size_t l) {
    auto& a = f.a.layers[l];
    auto& g = f.a;
    for (std::size_t t = 0; t < f.length; ++t) {
      std::size_t const i = t * Flow::stride::C;
      kernels::multiply_elements<arch, T>(g.dz + i, a.ungated + i, g.dgate + i, C);
      rule::gate::template backward<arch, T>(a.gate + i, g.dgate + i, C);
      kernels::multiply_elements<arch, T>(g.dz + i, a.gate + i, g.dz + i, C);
    }
    f.weight_gradient(g.dgate, a.y1, role::wg, l);
    f.project_back(g.dgate, f.w.layers[l].wg, g.dy, kernels::finish::store);
  }

  // value_out[h, j] = W_O^h v_j, the value states as the residual stream receives them
  static void show_value_out(Flow const& f, std::size_t l) {
    constexpr auto step = Flow::stride::C;
    auto& a = f.a.layers[l];
    T* const out = Flow::memory::grown(f.a.side, H * Model::shape.context * step);
    T const* const wo = f.w.layers[l].wo.plain;
    for (std::size_t h = 0; h < H; ++h) {
      typename Flow::matrix const rows{out + h * Model::shape.context * step, f.length, C, step};
      if constexpr (Block::merged) {
        f.copy(a.v, out); // merged values are values as the residual stream receives them
      } else if constexpr (Block::has_wo && H == 1) {
        f.multiply(f.rows(a.v), f.w.layers[l].wo.forward, rows);
      } else {
        value_out_plain(f.head(a.v, h), wo, h, rows);
      }
    }
    f.hooks.template at<site::value_out>(l, f.seq, out, {H, f.length, C},
                                         {Model::shape.context * step, step, 1});
  }
  static void value_out_plain(typename Flow::matrix v, [[maybe_unused]] T const* wo, std::size_t h,
                              typename Flow::matrix out) {
    for (std::size_t t = 0; t < v.rows; ++t) {
      for (std::size_t c = 0; c < C; ++c) {
        T const* const x = v.data + t * v.stride;
        T& y = out.data[t * out.stride + c];
        if constexpr (Block::has_wo) {
          y = kernels::dot<arch, T>(x, wo + c * C + h * D, D);
        } else {
          y = c / D == h ? x[c - h * D] : T{0};
        }
      }
    }
  }
};

} // namespace dormant::detail
