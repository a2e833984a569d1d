// SPDX-License-Identifier: MIT
// Tables of q, k and v with a row for each token and position, made once a step. See
// factored_embedding.hpp for the algebra.
#pragma once

#include "dormant/fast/merged_inputs.hpp"
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

// What stands between the norm and q, k or v: a matrix, plain and as a
// parameter; none is the identity.
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
struct factored_tables : Inputs {
  using matrices = input_matrices<Inputs>;

  std::size_t rows, table;              // V + T, and the elements of a table [V + T, C]
  step_memory centred, scaled, back;    // [V + T, C]
  std::array<step_memory, 3> projected; // [V + T, C] for q, k and v
  std::array<step_memory, 3> offset;    // [C] share of the norm's bias
  std::array<step_memory, 3> panels;    // matrices, packed
  std::array<shard_memory, 3> sums;     // [V + T, C] and [C]: what each row met, and their sum
  shard_memory met;                     // [V, T] slope of the norm
  std::optional<column> rstd;           // of the norm of layer 0, which its residual says

  constexpr factored_tables(plan d, sizes const& s)
      : Inputs(d, s), rows(s.vocab + s.context), table(d.padded(rows * s.width)),
        centred(d.per_step(table)), scaled(d.per_step(table)),
        back(d.per_step(table)), projected{d.per_step(table), d.per_step(table), d.per_step(table)},
        offset{d.per_step(s.width), d.per_step(s.width), d.per_step(s.width)},
        panels{d.per_step_panel(s.width, s.width), d.per_step_panel(s.width, s.width),
               d.per_step_panel(s.width, s.width)},
        sums{d.per_shard(table + s.width), d.per_shard(table + s.width),
             d.per_shard(table + s.width)},
        met(d.per_shard(s.vocab * s.context)) {}

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

protected:
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
