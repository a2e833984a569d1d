// SPDX-License-Identifier: MIT
// What a shape and a list of words mean: everything about a model
// that is known when it is compiled.
#pragma once

#include "dormant/model/block.hpp"
#include "dormant/model/word_lists.hpp"
#include "dormant/part/decoder.hpp"
#include "dormant/part/embedding.hpp"
#include "dormant/part/output.hpp"
#include "dormant/part/position/learned_positions.hpp"
#include "dormant/part/position/sincos_table.hpp"
#include "dormant/part/wiring/layers.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace dormant {

/// Everything about a model that is known when it is compiled.
template <shape Shape, class... Parts>
struct structure {
  /// Whether the sizes are part of the type.
  static constexpr bool fixed = Shape != at_run_time;
  static_assert(
      !fixed || (Shape.heads > 0 && Shape.width > 0 && Shape.vocab > 0 && Shape.context > 0 &&
                 Shape.layers > 0 && Shape.hidden() > 0),
      "dormant::shape: layers, heads, width, vocab, context and expansion must be positive");
  static_assert(Shape.heads == 0 || Shape.head_size != 0 || Shape.width % Shape.heads == 0,
                "dormant::shape: width must be divisible by heads");
  static_assert(Shape.kv_heads == 0 || Shape.heads % Shape.kv_heads == 0,
                "dormant::shape: heads must be divisible by kv_heads");
  static_assert(
      ((detail::is_rule<Parts> || detail::stack_of<Parts>::found || detail::arch_of<Parts>::found ||
        detail::block_of<Parts>::found || detail::is_block_switch<Parts> ||
        detail::is_model_switch<Parts>)&&...),
      "dormant::transformer: after the shape come an attention rule or a stack of blocks, "
      "and switches; see <dormant/model/words.hpp> for the words");

  static constexpr dormant::shape shape = Shape;
  static constexpr sizes s{Shape};
  using scalar = std::conditional_t<detail::contains<double, Parts...>, double, float>;
  using arch = typename detail::first_found<detail::arch_of, xsimd::default_arch, Parts...>::type;
  /// How products with parameter matrices are computed.
  using products =
      typename detail::first_found<detail::products_of, kernels::in_full, Parts...>::type;
  static_assert(std::is_same_v<products, kernels::in_full> || std::is_same_v<scalar, float>,
                "dormant::transformer: bf16 goes with float, not with double");

  static constexpr bool post_norm = detail::contains<dormant::post_norm, Parts...>;
  static constexpr bool final_norm = !detail::contains<no_final_norm, Parts...>;
  static constexpr bool tied_output = detail::contains<dormant::tied_output, Parts...>;
  static constexpr bool learned_positions = !detail::contains<sincos_positions, Parts...> &&
                                            !(detail::stands_at<Parts, place::positions> || ...);
  static constexpr bool trains_tokens = !detail::contains<frozen_token_embeddings, Parts...> &&
                                        !detail::contains<frozen_embeddings, Parts...>;
  static constexpr bool trains_positions =
      learned_positions && !detail::contains<frozen_position_embeddings, Parts...> &&
      !detail::contains<frozen_embeddings, Parts...>;
  static constexpr bool trains_output = !tied_output && !detail::contains<frozen_output, Parts...>;

  static constexpr bool stacked = (detail::stack_of<Parts>::found || ...);
  using uniform = typename detail::first_found<
      detail::block_of,
      typename detail::uniform_block<
          block<typename detail::first_found<detail::rule_of, softmax, Parts...>::type>,
          Parts...>::type,
      Parts...>::type;
  using blocks = typename detail::first_found<detail::stack_of, detail::types<>, Parts...>::type;
  static_assert(!stacked || !((detail::is_rule<Parts> || detail::is_block_switch<Parts>) || ...),
                "dormant::transformer: with a stack, attention rules and block switches belong "
                "inside the blocks");

private:
  template <class... Blocks>
  static constexpr std::size_t count(detail::types<Blocks...>) {
    return sizeof...(Blocks);
  }
  static_assert(!stacked || !fixed || count(blocks{}) == Shape.layers,
                "dormant::transformer: the stack must name as many blocks as the shape has layers");

  template <class... Blocks>
  static constexpr bool check_blocks(detail::types<Blocks...>) {
    return (Blocks::template check<Shape>() && ...);
  }
  static_assert(check_blocks(std::conditional_t<stacked, blocks, detail::types<uniform>>{}));

  using token_part = typename detail::wrapped_tokens<token_table<trains_tokens>, Parts...>::type;
  using position_part = typename detail::at_place<
      place::positions,
      std::conditional_t<!learned_positions, sincos_table,
                         std::conditional_t<trains_positions, dormant::learned_positions,
                                            untrained<dormant::learned_positions>>>,
      Parts...>::type;
  using norm_part = typename detail::at_place<
      place::final_norm, std::conditional_t<final_norm, layer_norm, no_norm>, Parts...>::type;
  using output_part = std::conditional_t<
      tied_output, tied,
      std::conditional_t<trains_output, own_output<>, own_output<untrained<projection>>>>;
  using plain =
      decoder<embedding<token_part, position_part>,
              typename detail::layers_of<post_norm, uniform, blocks>::type, norm_part, output_part>;

public:
  /// How many registers its sequences may begin with.
  static constexpr std::size_t registers = token_part::registers;
  /// The model as one part.
  using parts = typename detail::wrapped_model<Shape, plain, Parts...>::type;

  template <std::size_t L>
  using block_at = typename detail::nth_block<L, uniform, blocks>::type;

  /// How many layers the type names; 0 if it is one block as often as the sizes say.
  static constexpr std::size_t named_layers = count(blocks{});

  /// Calls `f.template operator()<Block>(layer)` for every layer, first to last.
  template <class F>
  static constexpr void each_layer(F&& f, std::size_t layers = Shape.layers) {
    if constexpr (stacked) {
      [&]<std::size_t... L>(std::index_sequence<L...>) {
        (f.template operator()<block_at<L>>(L), ...);
      }
      (std::make_index_sequence<named_layers>{});
    } else {
      for (std::size_t l = 0; l < layers; ++l) f.template operator()<uniform>(l);
    }
  }

  /// The sites of the forward pass that exist in some layer of this structure.
  using sites = sites_of<parts>;
  /// Those that exact algebra goes around: they can be read, but nothing depends on them.
  using bypassed = bypassed_of<parts>;
};

} // namespace dormant
