// SPDX-License-Identifier: MIT
// The named places of an attention part and of a model: a policy says
// by its `place` where it belongs.
#pragma once

#include "dormant/sites.hpp"

#include <type_traits>

namespace dormant {

/// Where a policy goes: `struct mine { using place = dormant::place::outputs; using part = ...; }`.
/// Places that say "many" take any number of policies, which act in the
/// order in which they are named.
namespace place {
// of an attention part
struct projections {}; ///< W_Q, W_K, W_V and W_O alike
struct inputs {};      ///< q, k and v from what the branch reads
struct values {};      ///< W_V alone
struct outputs {};     ///< W_O
struct heads {};       ///< many: what happens to q, k and v before they meet
struct scores {};      ///< many: what happens to scores before the rule
struct mask {};        ///< which keys a query sees
struct extra_keys {};  ///< a key that is no position
struct mixed {};       ///< many: what happens to the heads' outputs before W_O, with a look at v
/// The part itself: `template <class Rule, class... Others> using
/// part` is put where it would stand.
struct whole {};
// of a model
struct positions {};  ///< a row for each position, added to the token's
struct final_norm {}; ///< between the last layer and the output
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
template <class P, class Place>
inline constexpr bool stands_at = std::is_same_v<typename place_of<P>::type, Place>;

/// The part that the policy for `Place` names, or `Default`.
template <class Place, class Default, class... Policies>
struct at_place {
  using type = Default;
};
template <class Place, class Default, class First, class... Rest>
struct at_place<Place, Default, First, Rest...> : at_place<Place, Default, Rest...> {};
template <class Place, class Default, class First, class... Rest>
  requires stands_at<First, Place>
struct at_place<Place, Default, First, Rest...> {
  using type = typename First::part;
};

template <class P>
struct its_part {
  using type = types<>;
};
template <class P>
  requires requires { typename P::part; }
struct its_part<P> {
  using type = types<typename P::part>;
};
/// The parts of all policies for `Place`, first to last.
template <class Place, class... Policies>
using all_at_place = join<typename std::conditional_t<stands_at<Policies, Place>,
                                                      its_part<Policies>, its_part<void>>::type...>;
} // namespace detail

} // namespace dormant
