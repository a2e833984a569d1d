// SPDX-License-Identifier: MIT
// q, k and v of layer 0 from tables with a row for each token and position, and the way back by
// what each row met. See factored_embedding.hpp for the algebra.
#pragma once

#include "dormant/fast/factored_tables.hpp"
#include "dormant/kernels/matmul.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dormant::detail {

template <class Inputs>
struct factored_inputs : factored_tables<Inputs> {
  using tables = factored_tables<Inputs>;
  using matrices = input_matrices<Inputs>;
  using tables::centred, tables::scaled, tables::back, tables::projected, tables::offset;
  using tables::panels, tables::sums, tables::met, tables::rstd, tables::rows, tables::table;
  using tables::square, tables::id;

  using tables::factored_tables;

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
    kernels::multiply_transposed<arch, T>(this->template all<T const>(p, mine),
                                          this->template all<T const>(p, p[scaled]), {dw, n, n, n});
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
        kernels::multiply<arch, T>(this->template all<T const>(p, mine), p[panels[0]],
                                   this->template all<T>(p, p[back]), adds);
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
};

} // namespace dormant::detail
