// SPDX-License-Identifier: MIT
// What an attention rule may ask for: learned scalars of each head, and the scores on its way back.
#pragma once

#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <cstddef>

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
  auto row(auto const& p, std::size_t h, std::size_t i, std::size_t from) const {
    auto const m = p[g].of(h);
    return m.data + i * m.stride + from;
  }
};
template <>
struct kept_scores<false> {
  constexpr kept_scores(plan, sizes const&) {}
  void keep(auto const&, auto const&, std::size_t) const {}
  std::nullptr_t row(auto const&, std::size_t, std::size_t, std::size_t) const { return nullptr; }
};

} // namespace dormant::detail
