// SPDX-License-Identifier: MIT
// Weight matrices as the kernels want them: packed once per step, for X W^T and for dY W.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/model/factored.hpp"
#include "dormant/model/layout.hpp"
#include "dormant/model/merged.hpp"
#include "dormant/tensor.hpp"

#include <array>
#include <cmath>
#include <cstddef>

namespace dormant::detail {

/// One [out, in] matrix: plain, and packed for both products. Null where the structure has none.
template <class T>
struct packed_matrix {
  T const* plain = nullptr; // [out, in]
  std::size_t out = 0, in = 0;
  T* forward = nullptr;  // packed for X W^T
  T* backward = nullptr; // packed for dY W
  T* scratch = nullptr;  // where it is rewritten for short operands
};

/// The matrices of one layer and pointers to its vectors.
template <class T>
struct layer_weights {
  packed_matrix<T> wq, wk, wv, wo, wg, w1, w2; // where merged, wq and wv are products of two
  projection_parts<T> parts;
  T const* norm1_weight = nullptr;
  T const* norm1_bias = nullptr;
  T const* norm2_weight = nullptr;
  T const* norm2_bias = nullptr;
  T const* head_scalars = nullptr;
};

/// All weights of a model for the duration of one step. Reads the parameter arena given to `point`.
template <class Model>
class weights {
public:
  using T = typename Model::scalar;
  using arch = typename Model::arch;
  using products = typename Model::products;
  static constexpr auto is_merged = [] {
    std::array<bool, Model::shape.layers> merged{};
    Model::each_layer([&]<class Block>(std::size_t l) { merged[l] = Block::merged; });
    return merged;
  }();

  weights() : arena_(plan(nullptr)) {
    plan(arena_.data());
    if constexpr (!Model::learned_positions) fill_sincos();
  }
  weights(weights const&) = delete;
  weights& operator=(weights const&) = delete;

  std::array<layer_weights<T>, Model::shape.layers> layers;
  packed_matrix<T> output;
  T const* tokens = nullptr;    // [V, C]
  T const* positions = nullptr; // [T, C]
  T const* norm_weight = nullptr;
  T const* norm_bias = nullptr;
  detail::factors<Model> factors;
  merged_weights<Model> merged;

  /// Reads parameters from this arena from now on.
  void point(T const* parameters) {
    for (auto const& t : layout<Model>::tensors) assign(t, parameters + t.offset);
    if constexpr (Model::tied_output) output.plain = tokens;
    if constexpr (!Model::learned_positions) positions = sincos_.data();
  }

  /// How many independent packing jobs there are, and the i-th of them.
  [[nodiscard]] std::size_t jobs() const { return jobs_; }
  void pack(std::size_t i, bool with_backward) const {
    packed_matrix<T> const& m = *matrices_[i];
    kernels::matrix<T const> const w{m.plain, m.out, m.in, m.in};
    kernels::pack_transposed<arch, T>(products::template along_rows<arch, T>(w, m.scratch),
                                      m.forward);
    if (!with_backward) return;
    kernels::pack<arch, T>(products::template along_columns<arch, T>(w, m.scratch), m.backward);
  }

private:
  static constexpr auto C = Model::shape.width;
  static constexpr auto F = Model::shape.hidden();
  static constexpr std::size_t steps(std::size_t factors) {
    return (factors + products::factors - 1) / products::factors;
  }

  // With a null base only counts; returns the elements needed.
  std::size_t plan(T* base) {
    std::size_t used = 0;
    jobs_ = 0;
    auto take = [&](packed_matrix<T>& m, std::size_t out, std::size_t in) {
      m.out = out;
      m.in = in;
      auto const room = [&](std::size_t n) {
        T* const p = base == nullptr ? nullptr : base + used;
        used += padded<T>(n);
        return p;
      };
      m.forward = room(kernels::packed_size<arch, T>(steps(in), out));
      m.backward = room(kernels::packed_size<arch, T>(steps(out), in));
      m.scratch = room(products::scratch(out, in));
      matrices_[jobs_++] = &m;
    };
    for (auto const& t : layout<Model>::tensors) {
      if (auto* m = matrix_of(t)) take(*m, t.rows, t.cols);
    }
    if constexpr (Model::tied_output) take(output, Model::shape.vocab, C);
    return used;
  }

  packed_matrix<T>* matrix_of(tensor_spec const& t) {
    auto& w = layers[t.layer];
    switch (t.what) {
    case role::wq: return &w.wq;
    case role::wk: return is_merged[t.layer] ? nullptr : &w.wk;
    case role::wv: return &w.wv;
    case role::wo: return is_merged[t.layer] ? nullptr : &w.wo;
    case role::wg: return &w.wg;
    case role::w1: return &w.w1;
    case role::w2: return &w.w2;
    case role::output: return &output;
    default: return nullptr;
    }
  }

  void assign(tensor_spec const& t, T const* p) {
    auto& w = layers[t.layer];
    switch (t.what) {
    case role::token_embedding: tokens = p; return;
    case role::position_embedding: positions = p; return;
    case role::attention_norm_weight: w.norm1_weight = p; return;
    case role::attention_norm_bias: w.norm1_bias = p; return;
    case role::mlp_norm_weight: w.norm2_weight = p; return;
    case role::mlp_norm_bias: w.norm2_bias = p; return;
    case role::head_scalars: w.head_scalars = p; return;
    case role::final_norm_weight: norm_weight = p; return;
    case role::final_norm_bias: norm_bias = p; return;
    case role::wq: w.parts.q = p; break;
    case role::wk: w.parts.k = p; break;
    case role::wv: w.parts.v = p; break;
    case role::wo: w.parts.o = p; break;
    default: break;
    }
    auto* const m = matrix_of(t);
    if (m == nullptr) return;
    bool const product = is_merged[t.layer] && (m == &w.wq || m == &w.wv);
    m->plain = !product ? p : m == &w.wq ? merged.scores(t.layer) : merged.values(t.layer);
  }

  // pos[t, 2i] = sin(t / 10000^(2i/C)), pos[t, 2i+1] = cos of the same
  void fill_sincos() {
    sincos_ = arena<T>(Model::shape.context * C);
    for (std::size_t t = 0; t < Model::shape.context; ++t) {
      for (std::size_t c = 0; c < C; ++c) {
        double const even = static_cast<double>(c / 2 * 2);
        double const angle =
            static_cast<double>(t) / std::pow(10000.0, even / static_cast<double>(C));
        sincos_.data()[t * C + c] = static_cast<T>(c % 2 == 0 ? std::sin(angle) : std::cos(angle));
      }
    }
  }

  std::array<packed_matrix<T>*, 7 * Model::shape.layers + 1> matrices_{}; // the first jobs_ of them
  std::size_t jobs_ = 0;
  arena<T> arena_;
  arena<T> sincos_;
};

} // namespace dormant::detail
