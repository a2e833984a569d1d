// SPDX-License-Identifier: MIT
// z_h = rule(q_h k_h^T / sqrt(D)) v_h (arXiv 2410.13835, section 2): what attention is, whatever
// made q, k and v, forward and backward side by side.
#pragma once

#include "dormant/part/attention/extra_key.hpp"
#include "dormant/part/attention/mask.hpp"
#include "dormant/part/attention/products.hpp"
#include "dormant/part/attention/rule_memory.hpp"
#include "dormant/part/attention/steps.hpp"
#include "dormant/pass/grid_view.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"
#include "dormant/rule/row.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace dormant {

/// Query head h reads the head h / (H / KV) of keys and values.
/// \tparam ScoreSteps what happens to scores before the rule, as a list
/// \tparam Mask see mask.hpp
/// \tparam Extra see extra_key.hpp
template <class Rule, class ScoreSteps = site_list<>, class Mask = causal,
          class Extra = no_extra_key>
struct weighing {
  using sites = site_list<site::scores, site::pattern>;
  using products = detail::head_products<Mask::ahead>;

  detail::head_scalars<Rule> scalars;
  detail::score_steps<ScoreSteps> steps;
  Extra extra;
  detail::kept_scores<detail::needs_scores<Rule>> scores;
  grid pattern;      // [H, T query, T key]
  spare_grid before; // the same before an edit
  borrowed_grid dpattern;
  panel packed; // keys or values of one head

  constexpr weighing(plan d, sizes const& s)
      : scalars(d, s), steps(more(d), s), extra(d, s), scores(more(d), s),
        pattern(more(d).keep_grid(s.heads, site::pattern::name)),
        before(more(d).spare_grid(s.heads)), dpattern(more(d).borrow_grid(s.heads)),
        packed(d.scratch_panel(s.head_width, s.context)) {}

  /// \param x what the branch reads, for those steps that look at it
  template <class Pass, class M = typename Pass::matrix>
  void forward(Pass const& p, M x, M q, M k, M v, M z) const {
    using T = typename Pass::T;
    auto const a = p[pattern];
    auto const keys = seen(p);
    for_each_head(p, k, [&](std::size_t h) {
      products::scores(p, p.head(q, h), p[packed], a.of(h), scale(p));
    });
    if constexpr (Extra::count > 0) extra.score(p, q, a, keys, scale(p));
    steps.forward(p, x, a, keys);
    if constexpr (Pass::template heard<site::scores>) {
      if constexpr (Extra::count > 0) extra.take(p, a, keys);
      keys.fill_unseen(a, -std::numeric_limits<T>::infinity());
      p.show(site::scores{}, a);
      if constexpr (Extra::count > 0) extra.restore(p, a, keys);
    }
    scores.keep(p, a, pattern.heads * pattern.head);
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      auto const m = a.of(h);
      for (std::size_t i = 0; i < p.length; ++i) Rule::forward(row(p, m, h, i));
    }
    if constexpr (Extra::count > 0) extra.take(p, a, keys);
    keys.fill_unseen(a, T{0});
    if constexpr (edits_pattern<Pass>) {
      std::copy_n(a.data, pattern.heads * pattern.head, p[before].data);
    }
    p.show(site::pattern{}, a);
    // An edit may have written there, but no query may see the future.
    if constexpr (edits_pattern<Pass>) keys.fill_unseen(a, T{0});
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      products::mix(p, a.of(h), p.head(v, p.kv_head(h)), p.head(z, h));
    }
    if constexpr (Extra::count > 0) extra.mix(p, z);
  }

  // dq, dk, dv from dz; steps add to dx
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, M q, M k, M v, M dz, M dq, M dk, M dv, M dx) const {
    using T = typename Pass::T;
    using arch = typename Pass::arch;
    auto const a = p[pattern];
    auto const d = p[dpattern];
    auto const keys = seen(p);
    for_each_head(p, v, [&](std::size_t h) {
      products::scores(p, p.head(dz, h), p[packed], d.of(h), T{1});
      products::mix_transposed(p, a.of(h), p.head(dz, h), p.head(dv, p.kv_head(h)), first(p, h));
    });
    if constexpr (Pass::template heard<site::gradient_of<site::pattern>>) {
      keys.fill_unseen(d, T{0});
      p.show(site::gradient_of<site::pattern>{}, d);
    }
    // A rule's backward speaks of the weights it made, not of what an intervention made of them.
    auto const made = edits_pattern<Pass> ? p[before] : p[pattern];
    if constexpr (Extra::count > 0) extra.put_back(p, dz, made, d, keys);
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      auto const m = made.of(h), g = d.of(h);
      for (std::size_t i = 0; i < p.length; ++i) {
        std::size_t const from = keys.first(i);
        Rule::backward(row(p, m, h, i),
                       attention_row_gradient<T, arch>{
                           g.data + i * g.stride + from, keys.last(i) + Extra::count - from,
                           scores.row(p, h, i, from), scalars.gradient(p, h)});
      }
    }
    if constexpr (Extra::count > 0) extra.take(p, d, keys);
    keys.fill_unseen(d, T{0});
    p.show(site::gradient_of<site::scores>{}, d);
    if constexpr (Pass::template edited<site::gradient_of<site::scores>>) keys.fill_unseen(d, T{0});
    if constexpr (Extra::count > 0) extra.restore(p, d, keys);
    steps.backward(p, x, d, keys, dx);
    if constexpr (Extra::count > 0) extra.take(p, d, keys);
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      std::size_t const of = p.kv_head(h);
      products::mix(p, d.of(h), p.head(k, of), p.head(dq, h), scale(p));
      products::mix_transposed(p, d.of(h), p.head(q, h), p.head(dk, of), first(p, h), scale(p));
    }
    if constexpr (Extra::count > 0) extra.backward(p, q, dq, scale(p));
  }

private:
  template <class Pass>
  static constexpr bool edits_pattern = Pass::template edited<site::pattern>;

  static constexpr plan more(plan d) { return d.with_more_keys(Extra::count); }
  template <class Pass>
  static auto seen(Pass const& p) {
    return detail::visible_keys<Mask, Pass>{p, Extra::count};
  }
  template <class Pass>
  static auto scale(Pass const& p) {
    using T = typename Pass::T;
    return T{1} / std::sqrt(static_cast<T>(p.s.head_width));
  }
  // f(h) with the head of `kv` that h reads packed
  template <class Pass, class F>
  void for_each_head(Pass const& p, typename Pass::matrix kv, F f) const {
    for (std::size_t h = 0; h < p.s.heads; ++h) {
      if (first(p, h) == kernels::finish::store) {
        kernels::pack_transposed<typename Pass::arch, typename Pass::T>(p.head(kv, p.kv_head(h)),
                                                                        p[packed]);
      }
      f(h);
    }
  }
  // The first of the heads that share keys and values stores their gradients, the others add.
  template <class Pass>
  static kernels::finish first(Pass const& p, std::size_t h) {
    bool const is_first = h == 0 || p.kv_head(h - 1) != p.kv_head(h);
    return is_first ? kernels::finish::store : kernels::finish::accumulate;
  }
  template <class Pass>
  auto row(Pass const& p, typename Pass::matrix m, std::size_t h, std::size_t i) const {
    auto const keys = seen(p);
    std::size_t const from = keys.first(i);
    return attention_row<typename Pass::T, typename Pass::arch>{m.data + i * m.stride + from,
                                                                keys.last(i) + Extra::count - from,
                                                                p.s.context, scalars.of(p, h)};
  }
};

} // namespace dormant
