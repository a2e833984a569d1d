// SPDX-License-Identifier: MIT
// Exact algebra for blocks with one head: q k^T = y (W_Q^T W_K) y^T and z W_O^T = P y (W_O W_V)^T.
// The products of matrices are made once a step, and their gradients taken apart once a step.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/model/layout.hpp"
#include "dormant/tensor.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant::detail {

/// The matrices of one block as parameters, [out, in] each. Null where it has none.
template <class T>
struct projection_parts {
  T const* q = nullptr;
  T const* k = nullptr;
  T const* v = nullptr;
  T const* o = nullptr;
};

/// W_K^T W_Q and W_O W_V of every merged block. In the gradient arena their gradients take the places
/// of W_Q's and W_V's until `split`.
template <class Model>
class merged_weights {
public:
  using T = typename Model::scalar;
  using arch = typename Model::arch;
  static constexpr std::size_t layers = Model::shape.layers;

  merged_weights() : arena_(Model::merged ? layers * per_layer : 0) {}

  /// [C, C]: q = y keys^T, where keys are y themselves.
  [[nodiscard]] T* scores(std::size_t l) { return arena_.data() + l * per_layer; }
  /// [C, C]: values as the residual stream receives them, y values^T.
  [[nodiscard]] T* values(std::size_t l) { return scores(l) + square; }

  void merge(std::size_t l, projection_parts<T> const& w) {
    std::fill_n(scores(l), square, T{0});
    kernels::multiply_transposed<arch, T>(in(w.k), in(w.q), out(scores(l)));
    kernels::pack<arch, T>(in(w.v), packed(l));
    kernels::multiply<arch, T>(in(w.o), packed(l), out(values(l)));
  }

  /// From dL/d(W_K^T W_Q) and dL/d(W_O W_V), in the places of W_Q and W_V, the gradients of all four.
  void split(std::size_t l, projection_parts<T> const& w, T* gradient) {
    auto const place = [&](role what) { return gradient + layout<Model>::offset(what, l); };
    T* const dscores = scores(l); // the merged matrices are not needed any more
    T* const dvalues = values(l);
    std::copy_n(place(role::wq), square, dscores);
    std::copy_n(place(role::wv), square, dvalues);

    kernels::pack<arch, T>(in(dscores), packed(l));
    kernels::multiply<arch, T>(in(w.k), packed(l), out(place(role::wq)));
    kernels::pack_transposed<arch, T>(in(dscores), packed(l));
    kernels::multiply<arch, T>(in(w.q), packed(l), out(place(role::wk)));
    std::fill_n(place(role::wv), square, T{0});
    kernels::multiply_transposed<arch, T>(in(w.o), in(dvalues), out(place(role::wv)));
    kernels::pack_transposed<arch, T>(in(w.v), packed(l));
    kernels::multiply<arch, T>(in(dvalues), packed(l), out(place(role::wo)));
  }

private:
  static constexpr auto C = Model::shape.width;
  static constexpr std::size_t square = padded<T>(C * C);
  static constexpr std::size_t per_layer =
      2 * square + padded<T>(kernels::packed_size<arch, T>(C, C));

  T* packed(std::size_t l) { return values(l) + square; }
  static kernels::matrix<T const> in(T const* p) { return {p, C, C, C}; }
  static kernels::matrix<T> out(T* p) { return {p, C, C, C}; }

  arena<T> arena_;
};

} // namespace dormant::detail
