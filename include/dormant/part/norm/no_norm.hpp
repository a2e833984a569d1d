// SPDX-License-Identifier: MIT
// y = x: the place of a norm, left empty. No tensors, no time.
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/plan/plan.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <type_traits>

namespace dormant {

struct no_norm;
/// Whether a wiring has a norm in its place.
template <class Norm>
inline constexpr bool normed = !std::is_same_v<Norm, no_norm>;

/// A branch that reads the residual stream as it is.
struct no_norm {
  constexpr no_norm(plan, sizes const&) {}

  template <class Pass>
  auto forward(Pass const&, typename Pass::matrix x) const {
    return x;
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix, typename Pass::matrix dy,
                typename Pass::matrix dx) const {
    p.add(dx, dy, dx);
  }
};

namespace detail {
/// The gradient of what a norm reads, as a value of its own; without a
/// norm it is that of its output.
template <class Norm>
struct before_norm {
  borrowed_buffer d; // [T, C]
  constexpr before_norm(plan p, sizes const& s) : d(p.borrow(s.width)) {}
  template <class Pass, class M = typename Pass::matrix>
  M from(Pass const& p, Norm const& norm, M x, M dy) const {
    M const dx = p.zeroed(d);
    norm.backward(p, x, dy, dx);
    return dx;
  }
};
template <>
struct before_norm<no_norm> {
  constexpr before_norm(plan, sizes const&) {}
  template <class Pass, class M = typename Pass::matrix>
  M from(Pass const&, no_norm const&, M, M dy) const {
    return dy;
  }
};

/// Whether a norm divides, and keeps 1 / what by.
template <class Norm>
concept divides = requires(Norm const& n) {
  n.rstd;
};
/// The sites of a norm whose output is shown at `Site`.
template <class Norm, class Site>
using if_normed = std::conditional_t<
    !normed<Norm>, types<>,
    std::conditional_t<divides<Norm>, types<site::scale_of<Site>, Site>, types<Site>>>;

/// Shows what a norm made, and what it divided by.
template <class Pass, class Norm, class Site>
void show_norm([[maybe_unused]] Pass const& p, [[maybe_unused]] Norm const& norm, Site at,
               typename Pass::matrix y) {
  if constexpr (normed<Norm>) {
    if constexpr (divides<Norm>) {
      if constexpr (Pass::template heard<site::scale_of<Site>>) {
        auto const scale = p.side(1);
        for (std::size_t t = 0; t < y.rows; ++t) *scale.row(t) = 1 / p[norm.rstd][t];
        p.show(site::scale_of<Site>{}, scale);
      }
    }
    p.show(at, y);
  }
}
} // namespace detail

} // namespace dormant
