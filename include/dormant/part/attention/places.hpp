// SPDX-License-Identifier: MIT
// The named places of an attention part: a policy says by its `place` where it belongs.
#pragma once

#include <type_traits>

namespace dormant {

/// Where a policy goes: `struct mine { using place = dormant::place::outputs; ... }`.
namespace place {
struct inputs {};  ///< q, k and v from what the branch reads
struct values {};  ///< W_V alone
struct outputs {}; ///< W_O
/// The part itself: `template <class Rule, class... Others> using part` is put where it would stand.
struct whole {};
} // namespace place

namespace detail {
template <class P>
struct place_of {
  using type = void;
};
template <class P>
  requires requires { typename P::place; }
struct place_of<P> {
  using type = typename P::place;
};

/// The part that the policy for `Place` names, or `Default`.
template <class Place, class Default, class... Policies>
struct at_place {
  using type = Default;
};
template <class Place, class Default, class First, class... Rest>
struct at_place<Place, Default, First, Rest...> : at_place<Place, Default, Rest...> {};
template <class Place, class Default, class First, class... Rest>
  requires std::is_same_v<typename place_of<First>::type, Place>
struct at_place<Place, Default, First, Rest...> {
  using type = typename First::part;
};
} // namespace detail

} // namespace dormant
