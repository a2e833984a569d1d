// SPDX-License-Identifier: MIT
// The state of one sequence on its way through a model, and the few shorthands that forward and
// backward are written in.
#pragma once

#include "dormant/kernels/layer_norm.hpp"
#include "dormant/kernels/matmul.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/model/activations.hpp"
#include "dormant/model/layout.hpp"
#include "dormant/model/weights.hpp"

#include <cstddef>

namespace dormant::detail {

inline constexpr double layer_norm_epsilon = 1e-5; // PyTorch's default, as in the authors' model

/// One sequence in flight: where its values, weights, gradients and listeners are.
template <class ModelType, class HookPack>
struct flow {
  using Model = ModelType;
  using Hooks = HookPack;
  using T = typename Model::scalar;
  using arch = typename Model::arch;
  using stride = strides<Model>;
  using products = typename Model::products;
  using matrix = kernels::matrix<T>;
  using memory = activations<ModelType>;
  static constexpr std::size_t C = Model::shape.width;
  static constexpr std::size_t H = Model::shape.heads;
  static constexpr std::size_t D = Model::shape.head_width();
  static constexpr std::size_t F = Model::shape.hidden();
  static constexpr std::size_t V = Model::shape.vocab;

  weights<Model> const& w;
  activations<Model>& a;
  HookPack const& hooks;
  sequence const& seq;
  std::size_t length;    // T of this sequence
  T* gradient = nullptr; // this shard's gradient arena; null when only evaluating

  [[nodiscard]] matrix rows(T* p) const { return {p, length, C, stride::C}; }
  [[nodiscard]] matrix hidden(T* p) const { return {p, length, F, stride::F}; }
  /// Columns of one head: [T, D].
  [[nodiscard]] matrix head(T* p, std::size_t h) const { return {p + h * D, length, D, stride::C}; }
  /// Scores, pattern or their gradient of one head: [T query, T key].
  [[nodiscard]] matrix grid(T* p, std::size_t h) const {
    return {p + h * Model::shape.context * stride::keys, length, length, stride::keys};
  }
  [[nodiscard]] T* gradient_of(role what, std::size_t l = 0) const {
    return gradient + layout<Model>::offset(what, l);
  }

  /// out = epilogue of x times a packed parameter matrix
  void multiply(matrix x, T const* packed, matrix out, kernels::epilogue<T> e = {}) const {
    kernels::multiply<arch, T, products>(products::template along_rows<arch, T>(x, a.left), packed,
                                         out, e);
  }
  /// dW += dout^T in, with dW [dout.cols, in.cols]
  void weight_gradient(matrix dout, matrix in, T* dw) const {
    kernels::multiply_transposed<arch, T, products>(
        products::template along_columns<arch, T>(dout, a.left),
        products::template along_columns<arch, T>(in, a.right), {dw, dout.cols, in.cols, in.cols});
  }
  /// The same for a square matrix between [T, C] buffers: out = in W^T, din (+)= dout W, and dW.
  void project(T* in, packed_matrix<T> const& m, T* out) const {
    multiply(rows(in), m.forward, rows(out));
  }
  void project_back(T* dout, packed_matrix<T> const& m, T* din, kernels::finish how) const {
    multiply(rows(dout), m.backward, rows(din), {.how = how});
  }
  void weight_gradient(T* dout, T* in, role what, std::size_t l) const {
    weight_gradient(rows(dout), rows(in), gradient_of(what, l));
  }
  void add(T const* x, T const* y, T* out) const {
    for (std::size_t t = 0; t < length; ++t) {
      std::size_t const i = t * stride::C;
      kernels::add<arch, T>(x + i, y + i, out + i, C);
    }
  }
  void copy(T const* x, T* out) const { std::copy_n(x, length * stride::C, out); }
  void norm(T* x, T const* gain, T const* bias, T* y, T* mean, T* rstd) const {
    kernels::layer_norm<arch, T>(rows(x), gain, bias, static_cast<T>(layer_norm_epsilon), rows(y),
                                 mean, rstd);
  }
  /// dx (+)= gradient through y = norm(x)
  void norm_back(T* dy, T* x, T const* mean, T const* rstd, T const* gain, T* dx, bool accumulate,
                 role weight, role bias, std::size_t l = 0) const {
    kernels::layer_norm_gradient<arch, T>(rows(dy), rows(x), mean, rstd, gain, rows(dx), accumulate,
                                          gradient_of(weight, l), gradient_of(bias, l));
  }

  /// Shows a [T, C] buffer, [T, H, D] heads, or [H, T, T] grid at a site.
  template <class Site>
  void hear(std::size_t l, T* p) const {
    if constexpr (HookPack::template heard<Site>) {
      if constexpr (Site::rank == 2) {
        hooks.template at<Site>(l, seq, p, {length, C}, {stride::C, 1});
      } else {
        hooks.template at<Site>(l, seq, p, {length, H, D}, {stride::C, D, 1});
      }
    }
  }
  template <class Site>
  void hear_grid(std::size_t l, T* p) const {
    if constexpr (HookPack::template heard<Site>) {
      hooks.template at<Site>(l, seq, p, {H, length, length},
                              {Model::shape.context * stride::keys, stride::keys, 1});
    }
  }
  /// The same for a [T, cols] buffer of another width.
  template <class Site>
  void hear(std::size_t l, T* p, std::size_t cols, std::size_t step) const {
    if constexpr (HookPack::template heard<Site>) {
      hooks.template at<Site>(l, seq, p, {length, cols}, {step, 1});
    }
  }
};

} // namespace dormant::detail
