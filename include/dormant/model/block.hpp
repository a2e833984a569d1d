// SPDX-License-Identifier: MIT
// A block, written as its equation or in short words:
//   block<residual<layer_norm, attention<softmax>>, residual<layer_norm, mlp<>>>
//   block<softmax>
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/xsimd.hpp"
#include "dormant/model/words.hpp"
#include "dormant/part/attention/attention.hpp"
#include "dormant/part/mlp/linear_mlp.hpp"
#include "dormant/part/mlp/mlp.hpp"
#include "dormant/part/norm/layer_norm.hpp"
#include "dormant/part/norm/no_norm.hpp"
#include "dormant/part/wiring/block.hpp"
#include "dormant/part/wiring/post_residual.hpp"
#include "dormant/part/wiring/residual.hpp"
#include "dormant/part/wiring/skip.hpp"
#include "dormant/plan/part.hpp"
#include "dormant/shape.hpp"

#include <concepts>
#include <type_traits>

namespace dormant {

namespace detail {
template <class Wanted, class... Parts>
inline constexpr bool contains = (std::is_same_v<Wanted, Parts> || ...);
template <class Wanted, class List>
inline constexpr bool lists = false;
template <class Wanted, class... T>
inline constexpr bool lists<Wanted, types<T...>> = contains<Wanted, T...>;

// A policy for a place of the attention part, or the word of one.
template <class P>
concept attention_policy = requires {
  typename P::place;
}
&&!stands_at<P, place::positions> && !stands_at<P, place::final_norm>;
template <class P>
inline constexpr bool is_block_switch =
    contains<P, linear, no_mlp, no_attention_norm, no_mlp_norm> || attention_policy<P>;

template <class R>
concept half_a_rule =
    !attention_rule<R> && requires(attention_row<float, xsimd::default_arch> row) {
  R::forward(row);
};
template <class P>
inline constexpr bool is_rule =
    attention_rule<P> || half_a_rule<P> || std::is_same_v<P, no_attention>;

// The attention part with those switches that are its own, or one that a policy puts in its place.
template <class Rule, class Policies, class... Switches>
struct attention_part;
template <class Rule, class... Policies>
struct attention_part<Rule, types<Policies...>> {
  using type = attention<Rule, Policies...>;
};
template <class Rule, class... Policies, class First, class... Rest>
struct attention_part<Rule, types<Policies...>, First, Rest...>
    : attention_part<Rule, types<Policies...>, Rest...> {};
template <class Rule, class... Policies, attention_policy First, class... Rest>
struct attention_part<Rule, types<Policies...>, First, Rest...>
    : attention_part<Rule, types<Policies..., First>, Rest...> {};
template <class Rule, class... Policies, attention_policy First, class... Rest>
  requires std::is_same_v<typename First::place, place::whole>
struct attention_part<Rule, types<Policies...>, First, Rest...> {
  using type = typename First::template part<Rule, Policies..., Rest...>;
};

// A word may say which shapes it cannot be in.
template <shape Shape, class Word>
constexpr bool check_word() {
  if constexpr (requires { Word::template check<Shape>(); }) Word::template check<Shape>();
  return true;
}

template <class Norm, class Branch, bool After>
using wired = std::conditional_t<After, post_residual<Norm, Branch>, residual<Norm, Branch>>;
} // namespace detail

/// One block. Short: an attention rule (or `no_attention`), and switches in any order.
template <class Attention, class... Switches>
struct block {
  static_assert(!detail::half_a_rule<Attention>,
                "dormant: this attention rule has a forward but no backward(row, gradient) that "
                "turns dL/dA into dL/ds; see attention_rule in <dormant/concepts.hpp>");
  static_assert(detail::half_a_rule<Attention> || attention_rule<Attention> ||
                    std::is_same_v<Attention, no_attention>,
                "dormant::block: the first argument is an attention rule or no_attention; see "
                "attention_rule in <dormant/concepts.hpp>");
  static_assert((detail::is_block_switch<Switches> && ...),
                "dormant::block: the arguments after the attention rule are switches of one block: "
                "linear, no_mlp, no_attention_norm, no_mlp_norm, identity_wv, identity_wo, "
                "frozen_wv, frozen_wo, merged_projections, and policies of the attention part such "
                "as rotary<> (see <dormant/part/attention/places.hpp>)");

  using attention = Attention;
  static constexpr bool has_attention = !std::is_same_v<Attention, no_attention>;
  static constexpr bool has_mlp = !detail::contains<no_mlp, Switches...>;
  static constexpr bool linear_mlp = has_mlp && detail::contains<linear, Switches...>;
  static constexpr bool attention_norm =
      has_attention && !detail::contains<no_attention_norm, Switches...>;
  static constexpr bool mlp_norm = has_mlp && !detail::contains<no_mlp_norm, Switches...>;
  static constexpr bool has_wv = has_attention && !detail::contains<identity_wv, Switches...>;
  static constexpr bool has_wo = has_attention && !detail::contains<identity_wo, Switches...>;

  // Public for clang 16, which looks at `equation` from outside.
  template <bool After>
  static auto spell_attention() {
    if constexpr (has_attention) {
      using norm = std::conditional_t<attention_norm, layer_norm, no_norm>;
      using part = typename detail::attention_part<Attention, detail::types<>, Switches...>::type;
      return std::type_identity<detail::wired<norm, part, After>>{};
    } else {
      return std::type_identity<skip<site::resid_mid>>{};
    }
  }
  template <bool After>
  static auto spell_mlp() {
    if constexpr (has_mlp) {
      using norm = std::conditional_t<mlp_norm, layer_norm, no_norm>;
      using part = std::conditional_t<linear_mlp, dormant::linear_mlp, mlp<>>;
      return std::type_identity<detail::wired<norm, part, After>>{};
    } else {
      return std::type_identity<skip<site::resid_post>>{};
    }
  }

  template <shape Shape>
  static constexpr bool check() {
    return (detail::check_word<Shape, Switches>() && ...);
  }
  /// What the words stand for; with `After`, norms stand after the branches.
  template <bool After>
  using equation = chain<typename decltype(spell_attention<After>())::type,
                         typename decltype(spell_mlp<After>())::type>;
};

/// One block as its equation: wirings, first to last.
template <part First, class... Rest>
struct block<First, Rest...> {
  static_assert(
      (part<Rest> && ...),
      "dormant::block: after a wiring come wirings, parts that can be made from a plan and "
      "sizes; see <dormant/part/wiring/residual.hpp>");
  template <shape>
  static constexpr bool check() {
    return true;
  }
  template <bool>
  using equation = chain<First, Rest...>;
  static constexpr bool has_attention =
      detail::lists<site::attn_out, sites_of<chain<First, Rest...>>>;
  static constexpr bool has_mlp = detail::lists<site::mlp_out, sites_of<chain<First, Rest...>>>;
};

/// A block without attention: `mlp_block<>`, `mlp_block<linear>`.
template <class... Switches>
using mlp_block = block<no_attention, Switches...>;

/// Blocks by name, first to last, for models whose layers differ.
template <class... Blocks>
struct stack {};

} // namespace dormant
