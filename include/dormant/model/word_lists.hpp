// SPDX-License-Identifier: MIT
// How the words of a model's type are told apart, and which blocks and layers they spell.
#pragma once

#include "dormant/model/block.hpp"
#include "dormant/part/embedding.hpp"
#include "dormant/part/wiring/layers.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace dormant {

namespace detail {
// A word may say how matrices are multiplied, or put another part in the place of the whole
// model or of its table of tokens.
template <class P>
concept says_products = requires {
  typename P::products;
};
template <class P>
concept wraps_model = requires {
  typename P::wraps_models;
};
template <class P>
concept wraps_tokens = requires {
  typename P::template tokens<token_table<>>;
};
template <class P>
inline constexpr bool is_model_switch =
    contains<P, post_norm, no_final_norm, tied_output, sincos_positions, frozen_token_embeddings,
             frozen_position_embeddings, frozen_embeddings, frozen_output, float, double> ||
    says_products<P> || wraps_model<P> || wraps_tokens<P> || stands_at<P, place::positions> ||
    stands_at<P, place::final_norm>;

template <class P>
struct stack_of {
  static constexpr bool found = false;
};
template <class... Blocks>
struct stack_of<stack<Blocks...>> {
  static constexpr bool found = true;
  using type = types<Blocks...>;
};
template <class P>
struct arch_of {
  static constexpr bool found = false;
};
template <class Arch>
struct arch_of<on<Arch>> {
  static constexpr bool found = true;
  using type = Arch;
};
template <class P>
struct rule_of {
  static constexpr bool found = is_rule<P>;
  using type = P;
};
template <class P>
struct block_of {
  static constexpr bool found = false;
};
template <class... P>
struct block_of<block<P...>> {
  static constexpr bool found = true;
  using type = block<P...>;
};
template <class P>
struct products_of {
  static constexpr bool found = false;
};
template <says_products P>
struct products_of<P> {
  static constexpr bool found = true;
  using type = typename P::products;
};

// A word may have something to say when a model with it is made.
template <class P, class Arch>
constexpr void tell_that_made() {
  if constexpr (requires { P::template when_made<Arch>(); }) P::template when_made<Arch>();
}

template <template <class> class Trait, class Default, class... Parts>
struct first_found {
  using type = Default;
};
template <template <class> class Trait, class Default, class Part, class... Rest>
struct first_found<Trait, Default, Part, Rest...>
    : std::conditional_t<Trait<Part>::found, Trait<Part>, first_found<Trait, Default, Rest...>> {};

// block<Rule, the block switches among Parts...>
template <class Done, class... Parts>
struct uniform_block {
  using type = Done;
};
template <class Rule, class... Taken, class Part, class... Rest>
struct uniform_block<block<Rule, Taken...>, Part, Rest...>
    : uniform_block<std::conditional_t<is_block_switch<Part>, block<Rule, Taken..., Part>,
                                       block<Rule, Taken...>>,
                    Rest...> {};

// Layers of the blocks' equations: one of them many times, or each by name.
template <bool After, class Uniform, class Blocks>
struct layers_of {
  using type = repeated<typename Uniform::template equation<After>>;
};
template <bool After, class Uniform, class... Blocks>
  requires(sizeof...(Blocks) > 0)
struct layers_of<After, Uniform, types<Blocks...>> {
  using type = stacked<0, typename Blocks::template equation<After>...>;
};

// The block of layer L: the one of all layers, or by name.
template <std::size_t L, class Uniform, class Blocks>
struct nth_block {
  using type = Uniform;
};
template <std::size_t L, class Uniform, class... Blocks>
  requires(L < sizeof...(Blocks))
struct nth_block<L, Uniform, types<Blocks...>> : std::tuple_element<L, std::tuple<Blocks...>> {};

// The table of tokens, and what a word adds to it.
template <class Tokens, class... Parts>
struct wrapped_tokens {
  using type = Tokens;
};
template <class Tokens, class First, class... Rest>
struct wrapped_tokens<Tokens, First, Rest...> : wrapped_tokens<Tokens, Rest...> {};
template <class Tokens, wraps_tokens First, class... Rest>
struct wrapped_tokens<Tokens, First, Rest...> {
  using type = typename First::template tokens<Tokens>;
};

template <shape Shape, class Model, class... Parts>
struct wrapped_model {
  using type = Model;
};
template <shape Shape, class Model, class First, class... Rest>
struct wrapped_model<Shape, Model, First, Rest...> : wrapped_model<Shape, Model, Rest...> {};
template <shape Shape, class Model, wraps_model First, class... Rest>
struct wrapped_model<Shape, Model, First, Rest...> {
  using type = typename First::template part<Model, Shape>;
};
} // namespace detail

} // namespace dormant
