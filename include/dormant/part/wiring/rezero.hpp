// SPDX-License-Identifier: MIT
// y = x + a Branch(Norm(x)), a one number that begins at 0, so that a model begins as the identity
// (ReZero, arXiv 2003.04887, where it has no norm).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/norm/no_norm.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

template <class Norm, branch Branch>
struct rezero {
  using sites =
      detail::join<sites_of<Norm>, detail::if_normed<Norm, typename Branch::reads>,
                   sites_of<Branch>, site_list<typename Branch::writes, typename Branch::leaves>>;
  using bypassed = detail::join<bypassed_of<Norm>, bypassed_of<Branch>>;

  Norm norm;
  Branch branch;
  weight a;               // [1]
  buffer added, y;        // [T, C] a Branch(..), and the sum
  borrowed_buffer dn, db; // [T, C] gradients of what the branch reads, and of what it puts out

  constexpr rezero(plan d, sizes const& s)
      : norm(d.in(Branch::name, "_norm").known_as(Branch::reads::name), s),
        branch(d.in(Branch::name), s),
        a(d.in(Branch::name, "_scale").vector("weight", 1, initial_value::zero, group::norms)),
        added(d.keep(s.width, Branch::writes::name)),
        y(d.known_as(Branch::leaves::name).output(s.width)), dn(d.borrow(s.width)),
        db(d.borrow(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    auto const n = norm.forward(p, x), b = p[added];
    detail::show_norm(p, norm, typename Branch::reads{}, n);
    p.copy(branch.forward(p, n), b);
    scale(p, b);
    p.show(typename Branch::writes{}, b);
    p.add(x, b, p[y]);
    p.show(typename Branch::leaves{}, p[y]);
    return p[y];
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    using T = typename Pass::T;
    p.show(site::gradient_of<typename Branch::leaves>{}, d);
    auto const n = p.made(norm, x), made = p.made(branch, n), b = p[db], g = p.zeroed(dn);
    p.copy(d, b);
    p.show(site::gradient_of<typename Branch::writes>{}, b);
    for (std::size_t t = 0; t < x.rows; ++t) {
      p.gradient(a)[0] += kernels::dot<typename Pass::arch, T>(b.row(t), made.row(t), x.cols);
    }
    scale(p, b);
    branch.backward(p, n, b, g);
    if constexpr (normed<Norm>) p.show(site::gradient_of<typename Branch::reads>{}, g);
    norm.backward(p, x, g, d);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(norm, p);
    f(branch, p);
  }

private:
  template <class Pass>
  void scale(Pass const& p, typename Pass::matrix x) const {
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::scale<typename Pass::arch, typename Pass::T>(x.row(t), x.cols, p[a][0]);
    }
  }
};

} // namespace dormant
