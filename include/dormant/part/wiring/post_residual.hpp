// SPDX-License-Identifier: MIT
// y = Norm(x + Branch(x)): post-norm (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/part/norm/no_norm.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// The residual stream itself goes through the norm, after the branch.
template <class Norm, branch Branch>
struct post_residual {
  using sites =
      detail::join<sites_of<Norm>, detail::if_normed<Norm, typename Branch::reads>,
                   sites_of<Branch>, site_list<typename Branch::writes, typename Branch::leaves>>;
  using bypassed = detail::join<bypassed_of<Norm>, bypassed_of<Branch>>;

  Norm norm;
  Branch branch;
  buffer sum;             // [T, C] x + Branch(x)
  borrowed_buffer dn, db; // [T, C] gradients of what the norm and the branch read
  buffer y;               // [T, C]

  constexpr post_residual(plan d, sizes const& s)
      : norm(d.in(Branch::name, "_norm").known_as(Branch::reads::name), s),
        branch(d.in(Branch::name).known_as(Branch::writes::name), s), sum(d.keep(s.width)),
        dn(d.borrow(s.width)), db(d.borrow(s.width)), y(out_of(norm)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const b = branch.forward(p, x);
    p.show(typename Branch::writes{}, b);
    p.add(x, b, p[sum]);
    auto const out = norm.forward(p, p[sum]);
    detail::show_norm(p, norm, typename Branch::reads{}, out);
    p.show(typename Branch::leaves{}, out);
    return out;
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    p.show(site::gradient_of<typename Branch::leaves>{}, d);
    if constexpr (normed<Norm>) {
      p.show(site::gradient_of<typename Branch::reads>{}, d);
      norm.backward(p, p[sum], d, p.zeroed(dn));
      p.copy(p[dn], d);
    }
    auto const g = p.zeroed(dn);
    auto const b = p.apart(site::gradient_of<typename Branch::writes>{}, d, db);
    p.show(site::gradient_of<typename Branch::writes>{}, b);
    branch.backward(p, x, b, g);
    p.add(d, g, d);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(norm, p);
    f(branch, p);
  }

private:
  constexpr buffer out_of(auto const& part) const {
    if constexpr (requires { part.y; }) return part.y;
    return sum;
  }
};

} // namespace dormant
