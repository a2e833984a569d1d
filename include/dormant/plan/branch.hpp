// SPDX-License-Identifier: MIT
// What stands in a wiring, and how the sites of parts add up.
#pragma once

#include "dormant/sites.hpp"

#include <concepts>
#include <string_view>
#include <type_traits>

namespace dormant {

/// A list of sites: `using sites = site_list<site::mlp_pre, site::mlp_hidden>`.
template <class... Site>
using site_list = detail::types<Site...>;

namespace detail {
template <class Part>
struct its_sites {
  using type = types<>;
};
template <class Part>
  requires requires { typename Part::sites; }
struct its_sites<Part> {
  using type = typename Part::sites;
};
template <class Part>
struct its_bypassed {
  using type = types<>;
};
template <class Part>
  requires requires { typename Part::bypassed; }
struct its_bypassed<Part> {
  using type = typename Part::bypassed;
};

template <class A, class B>
struct merged;
template <class... A, class... B>
struct merged<types<A...>, types<B...>> {
  template <class X>
  static constexpr bool new_to_a = !(std::is_same_v<X, A> || ...);
  using type = join<types<A...>, std::conditional_t<new_to_a<B>, types<B>, types<>>...>;
};
/// Both lists, and what both have once: layers have much in common.
template <class A, class B>
using merge = typename merged<A, B>::type;
} // namespace detail

/// The sites that a part shows; none if it names none.
template <class Part>
using sites_of = typename detail::its_sites<Part>::type;
/// Those of them that nothing on the way to the loss depends on: they can be read, not edited.
template <class Part>
using bypassed_of = typename detail::its_bypassed<Part>::type;

/// A part that stands in a wiring: it has a name in the state dict and names the sites around it.
template <class B>
concept branch = requires {
  { B::name } -> std::convertible_to<std::string_view>;
  typename B::reads;  // what the norm hands it
  typename B::writes; // what it adds to the residual stream
  typename B::leaves; // the residual stream after that
};

} // namespace dormant
