// SPDX-License-Identifier: MIT
// z_h = rule(q_h k_h^T / sqrt(D)) v_h (arXiv 2410.13835, section 2): what attention is, whatever made
// q, k and v, forward and backward side by side.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/nonlinearity/row.hpp"
#include "dormant/pass/grid_view.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace dormant::detail {

template <class Rule>
inline constexpr std::size_t scalars_per_head = [] {
  if constexpr (requires { Rule::scalars_per_head; }) return std::size_t{Rule::scalars_per_head};
  return std::size_t{0};
}();
template <class Rule>
inline constexpr bool needs_scores = [] {
  if constexpr (requires { Rule::needs_scores; }) return bool{Rule::needs_scores};
  return false;
}();

/// The learned scalars of a rule, some of each head; none for most rules.
template <class Rule, std::size_t N = scalars_per_head<Rule>>
struct head_scalars {
  weight w;
  constexpr head_scalars(plan d, sizes const& s)
      : w(N == 1 ? d.in(Rule::scalars_name)
                       .vector("weight", s.heads, initial_value::zero, group::attention)
                 : d.in(Rule::scalars_name)
                       .table("weight", s.heads, N, initial_value::zero, group::attention)) {}
  auto of(auto const& p, std::size_t h) const { return p[w] + h * N; }
  auto gradient(auto const& p, std::size_t h) const { return p.gradient(w) + h * N; }
};
template <class Rule>
struct head_scalars<Rule, 0> {
  constexpr head_scalars(plan, sizes const&) {}
  std::nullptr_t of(auto const&, std::size_t) const { return nullptr; }
  std::nullptr_t gradient(auto const&, std::size_t) const { return nullptr; }
};

/// Scores as the rule's backward wants them; none for most rules.
template <bool Kept>
struct kept_scores {
  grid g;
  constexpr kept_scores(plan d, sizes const& s) : g(d.keep_grid(s.heads)) {}
  void keep(auto const& p, auto const& scores, std::size_t n) const {
    std::copy_n(scores.data, n, p[g].data);
  }
  auto row(auto const& p, std::size_t h, std::size_t i) const {
    auto const m = p[g].of(h);
    return m.data + i * m.stride;
  }
};
template <>
struct kept_scores<false> {
  constexpr kept_scores(plan, sizes const&) {}
  void keep(auto const&, auto const&, std::size_t) const {}
  std::nullptr_t row(auto const&, std::size_t, std::size_t) const { return nullptr; }
};

} // namespace dormant::detail

namespace dormant {

template <class Rule>
struct weighing {
  using sites = site_list<site::scores, site::pattern>;

  detail::head_scalars<Rule> scalars;
  detail::kept_scores<detail::needs_scores<Rule>> scores;
  grid pattern;      // [H, T query, T key]
  spare_grid before; // the same before an edit
  borrowed_grid dpattern;
  panel packed; // keys or values of one head

  constexpr weighing(plan d, sizes const& s)
      : scalars(d, s), scores(d, s), pattern(d.keep_grid(s.heads, site::pattern::name)),
        before(d.spare_grid(s.heads)), dpattern(d.borrow_grid(s.heads)),
        packed(d.scratch_panel(s.head_width, s.context)) {}

  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M q, M k, M v, M z) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const a = p[pattern];
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      kernels::pack_transposed<arch, T>(p.head(k, h), p[packed]);
      kernels::causal_scores<arch, T>(p.head(q, h), p[packed], a.of(h), scale(p));
    }
    if constexpr (Pass::template heard<site::scores>) {
      fill_future(a, -std::numeric_limits<T>::infinity());
      p.show(site::scores{}, a);
    }
    scores.keep(p, a, pattern.heads * pattern.head);
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      auto const m = a.of(h);
      for (std::size_t i = 0; i < p.length; ++i) Rule::forward(row(p, m, h, i));
    }
    fill_future(a, T{0});
    if constexpr (edits_pattern<Pass>) {
      std::copy_n(a.data, pattern.heads * pattern.head, p[before].data);
    }
    p.show(site::pattern{}, a);
    // An edit may have written there, but no query may see the future.
    if constexpr (edits_pattern<Pass>) fill_future(a, T{0});
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      kernels::causal_mix<arch, T>(a.of(h), p.head(v, h), p.head(z, h));
    }
  }

  // dq, dk, dv from dz
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M q, M k, M v, M dz, M dq, M dk, M dv) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const a = p[pattern];
    auto const d = p[dpattern];
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      kernels::pack_transposed<arch, T>(p.head(v, h), p[packed]);
      kernels::causal_scores<arch, T>(p.head(dz, h), p[packed], d.of(h), T{1});
      kernels::causal_mix_transposed<arch, T>(a.of(h), p.head(dz, h), p.head(dv, h));
    }
    if constexpr (Pass::template heard<site::gradient_of<site::pattern>>) {
      fill_future(d, T{0});
      p.show(site::gradient_of<site::pattern>{}, d);
    }
    // A rule's backward speaks of the weights it made, not of what an intervention made of them.
    auto const made = edits_pattern<Pass> ? p[before] : p[pattern];
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      auto const m = made.of(h), g = d.of(h);
      for (std::size_t i = 0; i < p.length; ++i) {
        Rule::backward(row(p, m, h, i), attention_row_gradient<T, arch>{g.data + i * g.stride,
                                                                        i + 1, scores.row(p, h, i),
                                                                        scalars.gradient(p, h)});
      }
    }
    fill_future(d, T{0});
    p.show(site::gradient_of<site::scores>{}, d);
    if constexpr (Pass::template edited<site::gradient_of<site::scores>>) fill_future(d, T{0});
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      kernels::causal_mix<arch, T>(d.of(h), p.head(k, h), p.head(dq, h), scale(p));
      kernels::causal_mix_transposed<arch, T>(d.of(h), p.head(q, h), p.head(dk, h), scale(p));
    }
  }

private:
  template <class Pass>
  static constexpr bool edits_pattern = Pass::template edited<site::pattern>;

  template <class Pass>
  static auto scale(Pass const& p) {
    using T = typename Pass::T;
    return T{1} / std::sqrt(static_cast<T>(p.s.head_width));
  }
  template <class Pass>
  auto row(Pass const& p, typename Pass::matrix m, std::size_t h, std::size_t i) const {
    return attention_row<typename Pass::T, typename Pass::arch>{m.data + i * m.stride, i + 1,
                                                                p.s.context, scalars.of(p, h)};
  }
  template <class T>
  static void fill_future(grid_view<T> g, T value) {
    for (std::size_t h = 0; h < g.heads; ++h) {
      auto const m = g.of(h);
      for (std::size_t i = 0; i < m.rows; ++i) {
        std::fill(m.data + i * m.stride + i + 1, m.data + i * m.stride + m.cols, value);
      }
    }
  }
};

} // namespace dormant
