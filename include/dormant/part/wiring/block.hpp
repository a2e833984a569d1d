// SPDX-License-Identifier: MIT
// Wirings one after the other: y = Last(.. First(x)). A block is its equation.
#pragma once

#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

/// y = Last(.. First(x)).
template <class First, class... Rest>
struct chain {
  using sites = detail::join<sites_of<First>, sites_of<chain<Rest...>>>;
  using bypassed = detail::join<bypassed_of<First>, bypassed_of<chain<Rest...>>>;

  First first;
  chain<Rest...> rest;

  constexpr chain(plan d, sizes const& s) : chain(d, s, d.so_far()) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    return rest.forward(p, first.forward(p, x));
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    rest.backward(p, p.made(first, x), d);
    first.backward(p, x, d);
  }
  /// What `forward` returned.
  template <class Pass>
  auto made(Pass const& p, typename Pass::matrix x) const {
    return p.made(rest, p.made(first, x));
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(first, p);
    f(rest, p);
  }

private:
  // While one wiring goes back the others do not, so they borrow the same memory.
  constexpr chain(plan d, sizes const& s, detail::totals const& then, std::size_t end = 0)
      : first(d, s), rest((end = d.share_borrowed(then), d), s) {
    d.borrow_past(end);
  }
};
template <class Only>
struct chain<Only> : Only {
  using Only::Only;
};

namespace detail {
/// A block as a layer: what it reads is shown, and so is the gradient of that.
template <class Block>
struct layer : Block {
  using sites = join<types<site::resid_pre>, sites_of<Block>>;

  using Block::Block;

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    p.show(site::resid_pre{}, x);
    return Block::forward(p, x);
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    Block::backward(p, x, d);
    p.show(site::gradient_of<site::resid_pre>{}, d);
  }
};
} // namespace detail

} // namespace dormant
