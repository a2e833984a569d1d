// SPDX-License-Identifier: MIT
// y = x + First(Norm(x)) + Second(Norm(x)): both branches read the same stream (GPT-J), each
// through a norm of its own in GPT-NeoX.
#pragma once

#include "dormant/part/norm/no_norm.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

#include <type_traits>

namespace dormant {

/// In place of a norm of its own: the second branch reads what the first reads.
struct shared_norm {
  constexpr shared_norm(plan, sizes const&) {}
};

/// \tparam SecondNorm the norm of the second branch, or `shared_norm`
template <class Norm, branch First, branch Second, class SecondNorm = shared_norm>
struct parallel {
  static constexpr bool shared = std::is_same_v<SecondNorm, shared_norm>;
  using sites = detail::join<
      sites_of<Norm>, detail::if_normed<Norm, typename First::reads>, sites_of<First>,
      sites_of<SecondNorm>,
      std::conditional_t<shared, site_list<>,
                         detail::if_normed<SecondNorm, typename Second::reads>>,
      sites_of<Second>,
      site_list<typename First::writes, typename Second::writes, typename Second::leaves>>;
  using bypassed = detail::join<bypassed_of<Norm>, bypassed_of<First>, bypassed_of<Second>>;

  Norm norm;
  First first;
  SecondNorm second_norm;
  Second second;
  buffer y;                        // [T, C]
  borrowed_buffer dn, dm;          // [T, C] gradients of what the branches read
  borrowed_buffer dfirst, dsecond; // [T, C] and of what they write, where a hook edits it

  constexpr parallel(plan d, sizes const& s)
      : norm(d.in(First::name, "_norm").known_as(First::reads::name), s),
        first(d.in(First::name).known_as(First::writes::name), s),
        second_norm(d.in(Second::name, "_norm").known_as(Second::reads::name), s),
        second(d.in(Second::name).known_as(Second::writes::name), s),
        y(d.known_as(Second::leaves::name).output(s.width)), dn(d.borrow(s.width)),
        dm(d.borrow(s.width)), dfirst(d.borrow(s.width)), dsecond(d.borrow(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const n = norm.forward(p, x);
    detail::show_norm(p, norm, typename First::reads{}, n);
    auto const a = first.forward(p, n);
    p.show(typename First::writes{}, a);
    auto m = n;
    if constexpr (!shared) {
      m = second_norm.forward(p, x);
      detail::show_norm(p, second_norm, typename Second::reads{}, m);
    }
    auto const b = second.forward(p, m);
    p.show(typename Second::writes{}, b);
    p.add(x, a, p[y]);
    p.add(p[y], b, p[y]);
    p.show(typename Second::leaves{}, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    p.show(site::gradient_of<typename Second::leaves>{}, d);
    auto const n = p.made(norm, x);
    auto const db = p.apart(site::gradient_of<typename Second::writes>{}, d, dsecond);
    p.show(site::gradient_of<typename Second::writes>{}, db);
    auto const da = p.apart(site::gradient_of<typename First::writes>{}, d, dfirst);
    p.show(site::gradient_of<typename First::writes>{}, da);
    auto const g = p.zeroed(dn);
    if constexpr (shared) {
      second.backward(p, n, db, g);
      first.backward(p, n, da, g);
    } else {
      auto const h = p.zeroed(dm);
      second.backward(p, p.made(second_norm, x), db, h);
      if constexpr (normed<SecondNorm>) p.show(site::gradient_of<typename Second::reads>{}, h);
      first.backward(p, n, da, g);
      second_norm.backward(p, x, h, d);
    }
    if constexpr (normed<Norm>) p.show(site::gradient_of<typename First::reads>{}, g);
    norm.backward(p, x, g, d);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(norm, p);
    f(first, p);
    f(second_norm, p);
    f(second, p);
  }
};

} // namespace dormant
