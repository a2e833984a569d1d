// SPDX-License-Identifier: MIT
// y = x: a block whose attention or MLP is left out still passes the place after it.
#pragma once

#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

/// Shows the residual stream at `Leaves`, and does nothing to it.
template <class Leaves>
struct skip {
  using sites = site_list<Leaves>;

  constexpr skip(plan, sizes const&) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    p.show(Leaves{}, x);
    return x;
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix, typename Pass::matrix d) const {
    p.show(site::gradient_of<Leaves>{}, d);
  }
};

} // namespace dormant
