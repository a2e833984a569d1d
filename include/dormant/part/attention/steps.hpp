// SPDX-License-Identifier: MIT
// Parts that act one after the other, each on what the one before it left: on q, k and v, on
// scores, on the heads' outputs.
#pragma once

#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// Queries [T, H D], keys and values [T, KV D] of a sequence, or their gradients.
template <class M>
struct queries_keys_values {
  M q, k, v;
};

namespace detail {

/// A step on the heads' outputs that says `static constexpr bool reads_values = true` is
/// given the values that were mixed too: `forward(p, x, z, v)`, and `backward(p, x, z, d,
/// dx, v, dv)`, which adds to dv.
template <class Step>
concept value_reader = requires {
  requires Step::reads_values;
};

/// `forward(p, x, in)` returns what comes of `in`, x being what the branch reads; `backward(p, x,
/// in, d, dx)` turns the gradient d of that into the gradient of `in`, in place, and adds to dx.
template <class List>
struct steps {
  using sites = types<>;
  static constexpr bool empty = true;
  static constexpr bool read_values = false;

  constexpr steps(plan, sizes const&) {}

  template <class Pass, class In, class... Values>
  In forward(Pass const&, typename Pass::matrix, In in, Values const&...) const {
    return in;
  }
  template <class Pass, class In>
  In made(Pass const&, In in) const {
    return in;
  }
  template <class Pass, class In, class M = typename Pass::matrix, class... Values>
  void backward(Pass const&, M, In const&, In const&, M, Values const&...) const {}
};
template <class First, class... Rest>
struct steps<types<First, Rest...>> {
  using sites = join<sites_of<First>, sites_of<steps<types<Rest...>>>>;
  static constexpr bool empty = false;
  static constexpr bool read_values = value_reader<First> || steps<types<Rest...>>::read_values;

  First first;
  steps<types<Rest...>> rest;

  constexpr steps(plan d, sizes const& s) : first(d, s), rest(d, s) {}

  template <class Pass, class In, class... Values>
  In forward(Pass const& p, typename Pass::matrix x, In in, Values const&... values) const {
    if constexpr (value_reader<First>) {
      return rest.forward(p, x, first.forward(p, x, in, values...), values...);
    } else {
      return rest.forward(p, x, first.forward(p, x, in), values...);
    }
  }
  template <class Pass, class In>
  In made(Pass const& p, In in) const {
    return rest.made(p, made_by_first(p, in));
  }
  template <class Pass, class In, class M = typename Pass::matrix, class... Values>
  void backward(Pass const& p, M x, In const& in, In const& d, M dx,
                Values const&... values) const {
    rest.backward(p, x, made_by_first(p, in), d, dx, values...);
    if constexpr (value_reader<First>) {
      first.backward(p, x, in, d, dx, values...);
    } else {
      first.backward(p, x, in, d, dx);
    }
  }

private:
  // A step that has no `made` works in place.
  template <class Pass, class In>
  In made_by_first(Pass const& p, In in) const {
    if constexpr (requires { first.made(p, in); }) return first.made(p, in);
    return in;
  }
};

/// `forward(p, x, s, keys)` changes the scores s [H, T query, T key] in place, where queries see
/// them; `backward(p, x, d, keys, dx)` does so with their gradient, and adds to dx.
template <class List>
struct score_steps {
  constexpr score_steps(plan, sizes const&) {}
  template <class Pass, class Grid, class Keys>
  void forward(Pass const&, typename Pass::matrix, Grid, Keys) const {}
  template <class Pass, class Grid, class Keys, class M = typename Pass::matrix>
  void backward(Pass const&, M, Grid, Keys, M) const {}
};
template <class First, class... Rest>
struct score_steps<types<First, Rest...>> {
  First first;
  score_steps<types<Rest...>> rest;

  constexpr score_steps(plan d, sizes const& s) : first(d, s), rest(d, s) {}

  template <class Pass, class Grid, class Keys>
  void forward(Pass const& p, typename Pass::matrix x, Grid s, Keys keys) const {
    first.forward(p, x, s, keys);
    rest.forward(p, x, s, keys);
  }
  template <class Pass, class Grid, class Keys, class M = typename Pass::matrix>
  void backward(Pass const& p, M x, Grid d, Keys keys, M dx) const {
    rest.backward(p, x, d, keys, dx);
    first.backward(p, x, d, keys, dx);
  }
};

} // namespace detail
} // namespace dormant
