// SPDX-License-Identifier: MIT
// y = x + After(Branch(Norm(x))): pre-norm (arXiv 2410.13835, section 2), and with a norm after the
// branch sandwich norm (arXiv 2105.13290).
#pragma once

#include "dormant/part/norm/no_norm.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// The residual stream goes around a norm and a branch. As every wiring: `forward` returns its own
/// memory, and `backward` turns dL/dy into dL/dx in place.
template <class Norm, branch Branch, class After = no_norm>
struct residual {
  using sites =
      detail::join<sites_of<Norm>, detail::if_normed<Norm, typename Branch::reads>,
                   sites_of<Branch>, site_list<typename Branch::writes, typename Branch::leaves>>;
  using bypassed = detail::join<bypassed_of<Norm>, bypassed_of<Branch>>;

  Norm norm;
  Branch branch;
  After after;
  buffer y;               // [T, C]
  borrowed_buffer dn, db; // [T, C] gradients of what the branch reads, and of what is added

  constexpr residual(plan d, sizes const& s)
      : norm(d.in(Branch::name, "_norm").known_as(Branch::reads::name), s),
        branch(d.in(Branch::name).known_as(normed<After> ? "" : Branch::writes::name), s),
        after(d.in(Branch::name, "_post_norm").known_as(Branch::writes::name), s),
        y(d.known_as(Branch::leaves::name).output(s.width)), dn(d.borrow(s.width)),
        db(d.borrow(s.width)), dbranch(d, s) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const n = norm.forward(p, x);
    detail::show_norm(p, norm, typename Branch::reads{}, n);
    auto const b = after.forward(p, branch.forward(p, n));
    p.show(typename Branch::writes{}, b);
    p.add(x, b, p[y]);
    p.show(typename Branch::leaves{}, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    p.show(site::gradient_of<typename Branch::leaves>{}, d);
    auto const n = p.made(norm, x);
    auto const g = p.zeroed(dn);
    auto const b = p.apart(site::gradient_of<typename Branch::writes>{}, d, db);
    p.show(site::gradient_of<typename Branch::writes>{}, b);
    branch.backward(p, n, dbranch.from(p, after, p.made(branch, n), b), g);
    if constexpr (normed<Norm>) p.show(site::gradient_of<typename Branch::reads>{}, g);
    norm.backward(p, x, g, d);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(norm, p);
    f(branch, p);
    f(after, p);
  }

private:
  detail::before_norm<After> dbranch;
};

} // namespace dormant
