// SPDX-License-Identifier: MIT
// Exact algebra for layer 0. Centring is linear, so with x = token[v] + position[n]
//   norm(x) W^T = rstd(v, n) (A[v] + A[V + n]) + b W^T,   A = (centred rows * gain) W^T,
// and only V + T rows go through a product, once a step. Their gradients are gathered in the same way.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/model/layout.hpp"
#include "dormant/tensor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dormant::detail {

/// Nothing, for models whose layer 0 is like any other.
template <class Model, bool Factored = Model::factored>
class factors {
public:
  static constexpr std::size_t gathered = 0;
};

/// The tables of one step. `forward` and `backward` stand in for the projections of one sequence.
template <class Model>
class factors<Model, true> {
public:
  using T = typename Model::scalar;
  using arch = typename Model::arch;
  using Block = typename Model::template block_at<0>;

private:
  static constexpr auto C = Model::shape.width;
  static constexpr auto V = Model::shape.vocab;
  static constexpr auto N = Model::shape.context;
  static constexpr std::size_t rows = V + N;
  static constexpr std::size_t table = padded<T>(rows * C);
  static constexpr std::size_t vector = padded<T>(C);
  static constexpr std::size_t packing = padded<T>(kernels::packed_size<arch, T>(C, C));

public:
  /// Elements that a shard gathers beside its gradient: for q, k and v a row per token and position
  /// and a sum, and what each token met at each position.
  static constexpr std::size_t gathered = 3 * (table + vector) + padded<T>(V * N);

  factors() : arena_(6 * table + 3 * (vector + packing)) {}

  /// First half of the preparation: centred rows, from the parameters of this step.
  template <class Weights>
  void centre(Weights const& w) {
    for (std::size_t r = 0; r < rows; ++r) {
      T const* const from = r < V ? w.tokens + r * C : w.positions + (r - V) * C;
      T const mean = kernels::sum_of<arch, T>(from, C) / static_cast<T>(C);
      T* const plain = centred() + r * C;
      for (std::size_t c = 0; c < C; ++c) plain[c] = from[c] - mean;
      kernels::multiply_elements<arch, T>(plain, w.layers[0].norm1_weight, scaled() + r * C, C);
    }
  }
  /// Second half, for each of q, k and v: their rows, and the share of the norm's bias.
  template <class Weights>
  void project(Weights const& w, std::size_t part) {
    T const* const bias = w.layers[0].norm1_bias;
    if (identity(part)) {
      std::copy_n(scaled(), rows * C, products(part));
      std::copy_n(bias, C, offset(part));
      return;
    }
    auto const& m = matrix(w, part);
    for (std::size_t c = 0; c < C; ++c) {
      offset(part)[c] = kernels::dot<arch, T>(bias, m.plain + c * C, C);
    }
    kernels::pack_transposed<arch, T>(square(m.plain), packed(part));
    kernels::multiply<arch, T>(all(scaled()), packed(part), all(products(part)));
  }

  /// q, k and v of layer 0 of one sequence.
  template <class Flow>
  void forward(Flow const& f) const {
    auto& a = f.a.layers[0];
    std::array<T*, 3> const out{a.q, a.k, a.v};
    for (std::size_t part = 0; part < 3; ++part) {
      if (part == 1 && Block::merged) continue; // keys are the norm itself
      for (std::size_t t = 0; t < f.length; ++t) {
        kernels::scaled_sum<arch, T>(a.rstd1[t], row(part, id(f, t)), row(part, V + t),
                                     offset(part), out[part] + t * Flow::stride::C, C);
      }
    }
  }

  /// Gathers what dq, dk and dv of one sequence say, after the shard's gradient.
  template <class Flow>
  void backward(Flow const& f) const {
    auto& a = f.a.layers[0];
    std::array<T const*, 3> const given{f.a.dq, f.a.dk, f.a.dv};
    T* const sums = f.gradient + layout<Model>::size;
    T* const met = sums + 3 * (table + vector);
    for (std::size_t t = 0; t < f.length; ++t) {
      T const scale = a.rstd1[t];
      std::size_t const v = id(f, t);
      T along{0};
      for (std::size_t part = 0; part < 3; ++part) {
        T* const mine = sums + part * (table + vector);
        T const* const d = given[part] + t * Flow::stride::C;
        along += kernels::dot_sum<arch, T>(d, row(part, v), row(part, V + t), C);
        kernels::add_scaled<arch, T>(scale, d, mine + v * C, C);
        kernels::add_scaled<arch, T>(scale, d, mine + (V + t) * C, C);
        kernels::add_to<arch, T>(mine + table, d, C);
      }
      // rstd^2 mean(dunit * unit) of the norm's backward, by dq . (q - b) = dunit . unit
      met[v * N + t] += scale * scale * scale * along / static_cast<T>(C);
    }
  }

  /// Adds what all shards gathered to the gradient of the parameters. `part` 0 to 2: the matrices.
  template <class Weights>
  void finish_matrix(Weights const& w, std::size_t part, T const* sums, T* gradient) const {
    if (identity(part) || (part == 2 && !Block::trains_wv && !Block::merged)) return;
    T const* const mine = sums + part * (table + vector);
    constexpr std::array<role, 3> roles{role::wq, role::wk, role::wv};
    T* const dw = gradient + layout<Model>::offset(roles[part], 0);
    kernels::multiply_transposed<arch, T>(all(mine), all(scaled()), {dw, C, C, C});
    for (std::size_t c = 0; c < C; ++c) {
      kernels::add_scaled<arch, T>(mine[table + c], w.layers[0].norm1_bias, dw + c * C, C);
    }
  }
  /// The norm and the embeddings.
  template <class Weights>
  void finish_rows(Weights const& w, T const* sums, T* gradient) {
    T* const back = arena_.data() + 5 * table;
    auto const place = [&](role what) { return gradient + layout<Model>::offset(what, 0); };
    T* const dbias = place(role::attention_norm_bias);
    T* const dgain = place(role::attention_norm_weight);
    std::fill_n(back, rows * C, T{0});
    for (std::size_t part = 0; part < 3; ++part) {
      T const* const mine = sums + part * (table + vector);
      if (identity(part)) {
        kernels::add_to<arch, T>(back, mine, rows * C);
        kernels::add_to<arch, T>(dbias, mine + table, C);
      } else {
        auto const& m = matrix(w, part);
        kernels::epilogue<T> const adds{.how = kernels::finish::accumulate};
        kernels::pack<arch, T>(square(m.plain), packed(0));
        kernels::multiply<arch, T>(all(mine), packed(0), all(back), adds);
        kernels::multiply<arch, T>(kernels::matrix<T const>{mine + table, 1, C, C}, packed(0),
                                   kernels::matrix<T>{dbias, 1, C, C}, adds);
      }
    }
    T const* const met = sums + 3 * (table + vector);
    for (std::size_t r = 0; r < rows; ++r) {
      T* const b = back + r * C;
      for (std::size_t c = 0; c < C; ++c) dgain[c] += centred()[r * C + c] * b[c];
      kernels::multiply_elements<arch, T>(b, w.layers[0].norm1_weight, b, C);
      T const mean = kernels::sum_of<arch, T>(b, C) / static_cast<T>(C);
      for (std::size_t c = 0; c < C; ++c) b[c] -= mean;
    }
    // The slope of the norm: each token and position that met takes both rows along.
    for (std::size_t v = 0; v < V; ++v) {
      for (std::size_t n = 0; n < N; ++n) {
        T const u = -met[v * N + n];
        if (u == T{0}) continue;
        for (std::size_t const mine : {v, V + n}) {
          kernels::add_scaled<arch, T>(u, centred() + v * C, back + mine * C, C);
          kernels::add_scaled<arch, T>(u, centred() + (V + n) * C, back + mine * C, C);
        }
      }
    }
    if constexpr (Model::trains_tokens) {
      kernels::add_to<arch, T>(place(role::token_embedding), back, V * C);
    }
    if constexpr (Model::trains_positions) {
      kernels::add_to<arch, T>(place(role::position_embedding), back + V * C, N * C);
    }
  }

private:
  // Where merged, keys are the norm itself; without W_V, values are.
  static constexpr bool identity(std::size_t part) {
    return (part == 1 && Block::merged) || (part == 2 && !Block::has_wv);
  }
  template <class Weights>
  static auto const& matrix(Weights const& w, std::size_t part) {
    auto const& l = w.layers[0];
    return part == 0 ? l.wq : part == 1 ? l.wk : l.wv;
  }
  template <class Flow>
  static std::size_t id(Flow const& f, std::size_t t) {
    return static_cast<std::size_t>(f.seq.inputs[t]);
  }
  static kernels::matrix<T const> square(T const* p) { return {p, C, C, C}; }
  static kernels::matrix<T const> all(T const* p) { return {p, rows, C, C}; }
  static kernels::matrix<T> all(T* p) { return {p, rows, C, C}; }

  T* centred() { return arena_.data(); }
  T* scaled() { return arena_.data() + table; }
  T const* scaled() const { return arena_.data() + table; }
  T* products(std::size_t part) { return arena_.data() + (2 + part) * table; }
  T const* row(std::size_t part, std::size_t r) const {
    return arena_.data() + (2 + part) * table + r * C;
  }
  T* offset(std::size_t part) { return arena_.data() + 6 * table + part * vector; }
  T const* offset(std::size_t part) const { return arena_.data() + 6 * table + part * vector; }
  T* packed(std::size_t part) { return arena_.data() + 6 * table + 3 * vector + part * packing; }

  arena<T> arena_;
};

} // namespace dormant::detail
