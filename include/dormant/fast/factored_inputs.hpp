// SPDX-License-Identifier: MIT
// q, k and v of layer 0 from tables with a row for each token and position, and the way back by what
// each row met. See factored_embedding.hpp for the algebra.
#pragma once

#include "dormant/fast/merged_projections.hpp"
#include "dormant/kernels/matmul.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/inputs.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>

namespace dormant::detail {

/// What the tables are made of.
template <class Positions>
struct factor_sources {
  weight tokens; // [V, C]
  Positions positions;
  weight gain, bias; // [C] of the norm of layer 0
};
template <class Positions>
factor_sources(weight, Positions, weight, weight) -> factor_sources<Positions>;

// What stands between the norm and q, k or v: a matrix, plain and as a parameter; none is the identity.
template <class Inputs>
struct input_matrices;
template <class Values>
struct input_matrices<separate_inputs<projection, Values>> {
  static constexpr bool merged = false;
  static constexpr bool identity(std::size_t part) {
    return part == 2 && std::is_same_v<Values, dormant::identity>;
  }
  static constexpr weight of(separate_inputs<projection, Values> const& in, std::size_t part) {
    if constexpr (!std::is_same_v<Values, dormant::identity>) {
      if (part == 2) return in.wv.w;
    }
    return part == 0 ? in.wq.w : in.wk.w;
  }
  static auto plain(auto const& p, separate_inputs<projection, Values> const& in,
                    std::size_t part) {
    return p[of(in, part)];
  }
};
template <bool V, bool O>
struct input_matrices<merged_inputs<V, O>> {
  static constexpr bool merged = true;
  static constexpr bool identity(std::size_t part) { return part == 1; } // keys are the norm itself
  static constexpr weight of(merged_inputs<V, O> const& in, std::size_t part) {
    return part == 0 ? in.wq : in.wv;
  }
  template <class Step>
  static typename Step::T const* plain(Step const& p, merged_inputs<V, O> const& in,
                                       std::size_t part) {
    return p[part == 0 ? in.scores : in.values];
  }
};

template <class Inputs>
struct factored_inputs : Inputs {
  using matrices = input_matrices<Inputs>;

  std::size_t rows, table;              // V + T, and the elements of a table [V + T, C]
  step_memory centred, scaled, back;    // [V + T, C]
  std::array<step_memory, 3> projected; // [V + T, C] for q, k and v
  std::array<step_memory, 3> offset;    // [C] share of the norm's bias
  std::array<step_memory, 3> panels;    // matrices, packed
  std::array<shard_memory, 3> sums;     // [V + T, C] and [C]: what each row met, and their sum
  shard_memory met;                     // [V, T] slope of the norm
  std::optional<column> rstd;           // of the norm of layer 0, which its residual says

  constexpr factored_inputs(plan d, sizes const& s)
      : Inputs(d, s), rows(s.vocab + s.context), table(d.padded(rows * s.width)),
        centred(d.per_step(table)), scaled(d.per_step(table)),
        back(d.per_step(table)), projected{d.per_step(table), d.per_step(table), d.per_step(table)},
        offset{d.per_step(s.width), d.per_step(s.width), d.per_step(s.width)},
        panels{d.per_step_panel(s.width, s.width), d.per_step_panel(s.width, s.width),
               d.per_step_panel(s.width, s.width)},
        sums{d.per_shard(table + s.width), d.per_shard(table + s.width),
             d.per_shard(table + s.width)},
        met(d.per_shard(s.vocab * s.context)) {}

  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M, M q, M k, M v) const {
    std::array<M, 3> const out{q, k, v};
    for (std::size_t part = 0; part < 3; ++part) fill(p, part, out[part]);
  }
  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M, M q, M v) const {
    fill(p, 0, q);
    fill(p, 2, v);
  }
  /// Gathers what dq, dk and dv of one sequence say.
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M, M dq, M dk, M dv, M) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    std::array<M, 3> const given{dq, dk, dv};
    std::size_t const n = p.s.width;
    for (std::size_t t = 0; t < p.length; ++t) {
      T const scale = p[*rstd][t];
      std::size_t const v = id(p, t), at = p.s.vocab + t;
      T along{0};
      for (std::size_t part = 0; part < 3; ++part) {
        T* const mine = p.gathered(sums[part]);
        T const* const d = given[part].data + t * given[part].stride;
        T const* const a = p[projected[part]];
        along += kernels::dot_sum<arch, T>(d, a + v * n, a + at * n, n);
        kernels::add_scaled<arch, T>(scale, d, mine + v * n, n);
        kernels::add_scaled<arch, T>(scale, d, mine + at * n, n);
        kernels::add_to<arch, T>(mine + table, d, n);
      }
      // rstd^2 mean(dunit * unit) of the norm's backward, by dq . (q - b) = dunit . unit
      p.gathered(met)[v * p.s.context + t] += scale * scale * scale * along / static_cast<T>(n);
    }
  }

  /// First half of the preparation: centred rows, from the parameters of this step.
  template <class Step>
  void centre(Step const& p, auto const& from) const {
    using T = typename Step::T;
    using arch = typename Step::arch;
    std::size_t const n = p.s.width, tokens = p.s.vocab;
    for (std::size_t r = 0; r < rows; ++r) {
      T const* const row =
          r < tokens ? p[from.tokens] + r * n : p[from.positions.table] + (r - tokens) * n;
      T const mean = kernels::sum_of<arch, T>(row, n) / static_cast<T>(n);
      T* const plain = p[centred] + r * n;
      for (std::size_t c = 0; c < n; ++c) plain[c] = row[c] - mean;
      kernels::multiply_elements<arch, T>(plain, p[from.gain], p[scaled] + r * n, n);
    }
  }
  /// Second half, for each of q, k and v: their rows, and the share of the norm's bias.
  template <class Step>
  void project(Step const& p, auto const& from, std::size_t part) const {
    using T = typename Step::T;
    using arch = typename Step::arch;
    std::size_t const n = p.s.width;
    T const* const bias = p[from.bias];
    if (matrices::identity(part)) {
      std::copy_n(p[scaled], rows * n, p[projected[part]]);
      std::copy_n(bias, n, p[offset[part]]);
      return;
    }
    T const* const w = matrices::plain(p, *this, part);
    for (std::size_t c = 0; c < n; ++c) {
      p[offset[part]][c] = kernels::dot<arch, T>(bias, w + c * n, n);
    }
    kernels::pack_transposed<arch, T>(square(p, w), p[panels[part]]);
    kernels::multiply<arch, T>(all<T const>(p, p[scaled]), p[panels[part]],
                               all<T>(p, p[projected[part]]));
  }

  /// Adds what all shards gathered to the gradient of the parameters. `part` 0 to 2: the matrices.
  template <class Step>
  void finish_matrix(Step const& p, auto const& from, std::size_t part) const {
    using T = typename Step::T;
    using arch = typename Step::arch;
    if (matrices::identity(part)) return;
    weight const w = matrices::of(*this, part);
    if (!w.trained && !matrices::merged) return;
    std::size_t const n = p.s.width;
    T const* const mine = p.gathered(sums[part]);
    T* const dw = p.gradient(w);
    kernels::multiply_transposed<arch, T>(all<T const>(p, mine), all<T const>(p, p[scaled]),
                                          {dw, n, n, n});
    for (std::size_t c = 0; c < n; ++c) {
      kernels::add_scaled<arch, T>(mine[table + c], p[from.bias], dw + c * n, n);
    }
  }
  /// The norm and the embeddings.
  template <class Step>
  void finish_rows(Step const& p, auto const& from) const {
    using T = typename Step::T;
    using arch = typename Step::arch;
    std::size_t const n = p.s.width;
    T* const dbias = p.gradient(from.bias);
    T* const dgain = p.gradient(from.gain);
    std::fill_n(p[back], rows * n, T{0});
    for (std::size_t part = 0; part < 3; ++part) {
      T const* const mine = p.gathered(sums[part]);
      if (matrices::identity(part)) {
        kernels::add_to<arch, T>(p[back], mine, rows * n);
        kernels::add_to<arch, T>(dbias, mine + table, n);
      } else {
        kernels::epilogue<T> const adds{.how = kernels::finish::accumulate};
        kernels::pack<arch, T>(square(p, matrices::plain(p, *this, part)), p[panels[0]]);
        kernels::multiply<arch, T>(all<T const>(p, mine), p[panels[0]], all<T>(p, p[back]), adds);
        kernels::multiply<arch, T>(kernels::matrix<T const>{mine + table, 1, n, n}, p[panels[0]],
                                   kernels::matrix<T>{dbias, 1, n, n}, adds);
      }
    }
    for (std::size_t r = 0; r < rows; ++r) {
      T* const b = p[back] + r * n;
      for (std::size_t c = 0; c < n; ++c) dgain[c] += p[centred][r * n + c] * b[c];
      kernels::multiply_elements<arch, T>(b, p[from.gain], b, n);
      T const mean = kernels::sum_of<arch, T>(b, n) / static_cast<T>(n);
      for (std::size_t c = 0; c < n; ++c) b[c] -= mean;
    }
    add_slopes(p);
    if (from.tokens.trained) {
      kernels::add_to<arch, T>(p.gradient(from.tokens), p[back], p.s.vocab * n);
    }
    if constexpr (requires { from.positions.table.trained; }) {
      if (from.positions.table.trained) {
        kernels::add_to<arch, T>(p.gradient(from.positions.table), p[back] + p.s.vocab * n,
                                 p.s.context * n);
      }
    }
  }

private:
  // The slope of the norm: each token and position that met takes both rows along.
  template <class Step>
  void add_slopes(Step const& p) const {
    using T = typename Step::T;
    using arch = typename Step::arch;
    std::size_t const n = p.s.width;
    for (std::size_t v = 0; v < p.s.vocab; ++v) {
      for (std::size_t t = 0; t < p.s.context; ++t) {
        T const u = -p.gathered(met)[v * p.s.context + t];
        if (u == T{0}) continue;
        std::size_t const at = p.s.vocab + t;
        for (std::size_t const mine : {v, at}) {
          kernels::add_scaled<arch, T>(u, p[centred] + v * n, p[back] + mine * n, n);
          kernels::add_scaled<arch, T>(u, p[centred] + at * n, p[back] + mine * n, n);
        }
      }
    }
  }
  template <class Pass>
  void fill(Pass const& p, std::size_t part, typename Pass::matrix out) const {
    using T = typename Pass::T;
    T const* const a = p[projected[part]];
    for (std::size_t t = 0; t < p.length; ++t) {
      kernels::scaled_sum<typename Pass::arch, T>(p[*rstd][t], a + id(p, t) * out.cols,
                                                  a + (p.s.vocab + t) * out.cols, p[offset[part]],
                                                  out.data + t * out.stride, out.cols);
    }
  }
  template <class Pass>
  static std::size_t id(Pass const& p, std::size_t t) {
    return static_cast<std::size_t>(p.tokens().inputs[t]);
  }
  template <class Step, class T = typename Step::T>
  static kernels::matrix<T const> square(Step const& p, T const* m) {
    return {m, p.s.width, p.s.width, p.s.width};
  }
  template <class T, class Step>
  kernels::matrix<T> all(Step const& p, T* m) const {
    return {m, rows, p.s.width, p.s.width};
  }
};

} // namespace dormant::detail
