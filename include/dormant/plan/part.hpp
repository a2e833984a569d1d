// SPDX-License-Identifier: MIT
// What a part is, and the smallest ones: copy an archetype, fill it in,
// put the `static_assert` under it.
#pragma once

#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

#include <concepts>
#include <string_view>

namespace dormant {

/// A part makes itself of a plan, which hands out its memory, and of the sizes. It has a
/// `forward`, and a `backward` that is the way back; what these are given is said where the part
/// stands: here for a norm and for a branch, in residual.hpp for a wiring, in places.hpp for
/// policies of the attention part.
template <class P>
concept part = std::constructible_from<P, plan, sizes const&>;

namespace archetype {
/// y = x, in memory of its own.
struct norm {
  buffer y; // [T, C] what it hands on
  constexpr norm(plan d, sizes const& s) : y(d.output(s.width)) {}
  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    p.copy(x, p[y]);
    return p[y];
  }
  template <class Pass, class M = typename Pass::matrix>
  void backward(Pass const& p, M /*x*/, M dy, M dx) const {
    p.add(dx, dy, dx); // dx += the gradient of x
  }
};
static_assert(part<norm>);

/// The same in the place of an MLP.
struct branch : norm {
  static constexpr std::string_view name = "ff"; // in the state dict
  using reads = site::norm2;
  using writes = site::mlp_out;
  using leaves = site::resid_post;
  using norm::norm;
};
static_assert(part<branch> && dormant::branch<branch>);
} // namespace archetype

} // namespace dormant
