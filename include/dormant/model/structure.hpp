// SPDX-License-Identifier: MIT
// The words that describe a model's structure, and what a list of them means
// (arXiv 2410.13835, section 2 and appendix: every switch is a type).
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/bf16.hpp"
#include "dormant/kernels/xsimd.hpp"
#include "dormant/nonlinearity/softmax.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace dormant {

// Instead of an attention rule: the block has no attention branch.
struct no_attention {};
// Switches of one block.
struct linear {};            ///< the MLP is one [C, C] matrix
struct no_mlp {};            ///< no MLP branch
struct no_attention_norm {}; ///< no norm before (post-norm: after) the attention branch
struct no_mlp_norm {};       ///< the same for the MLP branch
struct identity_wv {};       ///< W_V is the identity, not a parameter
struct identity_wo {};       ///< W_O is the identity, not a parameter
struct frozen_wv {};         ///< W_V keeps its initial value
struct frozen_wo {};         ///< W_O keeps its initial value
/// Exact algebra for one head: scores from one matrix W_K^T W_Q, values from one matrix W_O W_V, so
/// two products a token instead of four. Same mathematics, other rounding. `q`, `k`, `v` and `z` do
/// not exist on the way: probes are shown them, interventions cannot edit them.
struct merged_projections {};
// Switches of the whole model.
struct post_norm {};                  ///< x = N(x + F(x)) instead of x + F(N(x))
struct no_final_norm {};              ///< the output reads the last residual as it is
struct tied_output {};                ///< the output matrix is the token embedding
struct sincos_positions {};           ///< fixed sin/cos table instead of learned positions
struct frozen_token_embeddings {};    ///< keep their initial value
struct frozen_position_embeddings {}; ///< keep their initial value
struct frozen_embeddings {};          ///< both of the above
struct frozen_output {};              ///< the output matrix keeps its initial value
/// Exact algebra for layer 0: its norm reads a token plus a position, so its projections are sums of
/// a row for the token and a row for the position, made once a step. Same mathematics, other
/// rounding. Interventions cannot edit what the projections then do not read: `tok_embed`,
/// `pos_embed`, `embed`, `resid_pre` and `norm1`.
struct factored_embedding {};
/// The operands of all products with parameter matrices are rounded to bfloat16, forward and back;
/// parameters, sums, attention scores and everything else stay float. Fast where the processor has
/// AVX512_BF16; check that the phenomenon you study does not notice.
struct bf16 {};
/// Kernels for another SIMD width than the compiler's best, e.g. `on<xsimd::sse2>`.
template <class Arch>
struct on {};

namespace detail {
template <class Wanted, class... Parts>
inline constexpr bool contains = (std::is_same_v<Wanted, Parts> || ...);

template <class P>
inline constexpr bool is_block_switch =
    contains<P, linear, no_mlp, no_attention_norm, no_mlp_norm, identity_wv, identity_wo, frozen_wv,
             frozen_wo, merged_projections>;
template <class P>
inline constexpr bool is_model_switch =
    contains<P, post_norm, no_final_norm, tied_output, sincos_positions, frozen_token_embeddings,
             frozen_position_embeddings, frozen_embeddings, frozen_output, factored_embedding, bf16,
             float, double>;

template <class R>
concept half_a_rule =
    !attention_nonlinearity<R> && requires(attention_row<float, xsimd::default_arch> row) {
  R::forward(row);
};

template <class Rule>
inline constexpr std::size_t scalars_per_head = [] {
  if constexpr (requires { Rule::scalars_per_head; }) return std::size_t{Rule::scalars_per_head};
  return std::size_t{0};
}();
template <class Rule>
inline constexpr bool needs_scores = [] {
  if constexpr (requires { Rule::needs_scores; }) return bool{Rule::needs_scores};
  return false;
}();
template <class Rule>
inline constexpr bool has_gate = requires {
  typename Rule::gate;
};
} // namespace detail

/// One block: an attention rule (or `no_attention`), and switches in any order.
template <class Attention, class... Switches>
struct block {
  static_assert(!detail::half_a_rule<Attention>,
                "dormant: this attention rule has a forward but no backward(row, gradient) that "
                "turns dL/dA into dL/ds; see attention_nonlinearity in <dormant/concepts.hpp>");
  static_assert(detail::half_a_rule<Attention> || attention_nonlinearity<Attention> ||
                    std::is_same_v<Attention, no_attention>,
                "dormant::block: the first argument is an attention rule or no_attention; see "
                "attention_nonlinearity in <dormant/concepts.hpp>");
  static_assert((detail::is_block_switch<Switches> && ...),
                "dormant::block: the arguments after the attention rule are switches of one block: "
                "linear, no_mlp, no_attention_norm, no_mlp_norm, identity_wv, identity_wo, "
                "frozen_wv, frozen_wo, merged_projections");

  using attention = Attention;
  static constexpr bool has_attention = !std::is_same_v<Attention, no_attention>;
  static constexpr bool has_mlp = !detail::contains<no_mlp, Switches...>;
  static constexpr bool linear_mlp = has_mlp && detail::contains<linear, Switches...>;
  static constexpr bool attention_norm =
      has_attention && !detail::contains<no_attention_norm, Switches...>;
  static constexpr bool mlp_norm = has_mlp && !detail::contains<no_mlp_norm, Switches...>;
  static constexpr bool has_wv = has_attention && !detail::contains<identity_wv, Switches...>;
  static constexpr bool has_wo = has_attention && !detail::contains<identity_wo, Switches...>;
  static constexpr bool trains_wv = has_wv && !detail::contains<frozen_wv, Switches...>;
  static constexpr bool trains_wo = has_wo && !detail::contains<frozen_wo, Switches...>;
  static constexpr bool has_gate = detail::has_gate<Attention>;
  static constexpr bool merged = has_attention && detail::contains<merged_projections, Switches...>;
  static_assert(!merged || (has_wv && has_wo && !has_gate),
                "dormant::block: merged_projections needs W_V and W_O, and no gate between them");
  // What the pass multiplies by, which is less than what the model has where matrices are merged.
  static constexpr bool projects_k = has_attention && !merged;
  static constexpr bool projects_z = has_wo && !merged;
  static constexpr std::size_t scalars_per_head = detail::scalars_per_head<Attention>;
};

/// A block without attention: `mlp_block<>`, `mlp_block<linear>`.
template <class... Switches>
using mlp_block = block<no_attention, Switches...>;

/// Blocks by name, first to last, for models whose layers differ.
template <class... Blocks>
struct stack {};

namespace detail {
template <class P>
struct stack_of {
  static constexpr bool found = false;
};
template <class... Blocks>
struct stack_of<stack<Blocks...>> {
  static constexpr bool found = true;
  using type = std::tuple<Blocks...>;
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

template <template <class> class Trait, class Default, class... Parts>
struct first_found {
  using type = Default;
};
template <template <class> class Trait, class Default, class Part, class... Rest>
struct first_found<Trait, Default, Part, Rest...>
    : std::conditional_t<Trait<Part>::found, Trait<Part>, first_found<Trait, Default, Rest...>> {};

template <class P>
inline constexpr bool is_rule =
    attention_nonlinearity<P> || half_a_rule<P> || std::is_same_v<P, no_attention>;

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
template <class P>
struct rule_of {
  static constexpr bool found = is_rule<P>;
  using type = P;
};

template <class Block, std::size_t... L>
std::tuple<std::conditional_t<(L >= 0), Block, void>...> repeat(std::index_sequence<L...>);
} // namespace detail

/// Everything about a model that is known when it is compiled.
template <shape Shape, class... Parts>
struct structure {
  static_assert(
      Shape.heads > 0 && Shape.width > 0 && Shape.vocab > 0 && Shape.context > 0 &&
          Shape.layers > 0 && Shape.expansion > 0,
      "dormant::shape: layers, heads, width, vocab, context and expansion must be positive");
  static_assert(Shape.heads == 0 || Shape.width % Shape.heads == 0,
                "dormant::shape: width must be divisible by heads");
  static_assert(
      ((detail::is_rule<Parts> || detail::stack_of<Parts>::found || detail::arch_of<Parts>::found ||
        detail::is_block_switch<Parts> || detail::is_model_switch<Parts>)&&...),
      "dormant::transformer: after the shape come an attention rule or a stack of blocks, "
      "and switches; see <dormant/model/structure.hpp> for the words");

  static constexpr dormant::shape shape = Shape;
  using scalar = std::conditional_t<detail::contains<double, Parts...>, double, float>;
  using arch = typename detail::first_found<detail::arch_of, xsimd::default_arch, Parts...>::type;

  /// How products with parameter matrices are computed.
  using products =
      std::conditional_t<detail::contains<bf16, Parts...>, kernels::in_bf16, kernels::in_full>;
  static_assert(!detail::contains<bf16, Parts...> || std::is_same_v<scalar, float>,
                "dormant::transformer: bf16 goes with float, not with double");

  static constexpr bool post_norm = detail::contains<dormant::post_norm, Parts...>;
  static constexpr bool final_norm = !detail::contains<no_final_norm, Parts...>;
  static constexpr bool tied_output = detail::contains<dormant::tied_output, Parts...>;
  static constexpr bool learned_positions = !detail::contains<sincos_positions, Parts...>;
  static constexpr bool trains_tokens = !detail::contains<frozen_token_embeddings, Parts...> &&
                                        !detail::contains<frozen_embeddings, Parts...>;
  static constexpr bool trains_positions =
      learned_positions && !detail::contains<frozen_position_embeddings, Parts...> &&
      !detail::contains<frozen_embeddings, Parts...>;
  static constexpr bool trains_output = !tied_output && !detail::contains<frozen_output, Parts...>;

  static constexpr bool stacked = (detail::stack_of<Parts>::found || ...);
  using uniform = typename detail::uniform_block<
      block<typename detail::first_found<detail::rule_of, softmax, Parts...>::type>,
      Parts...>::type;
  using blocks = typename detail::first_found<
      detail::stack_of, decltype(detail::repeat<uniform>(std::make_index_sequence<Shape.layers>{})),
      Parts...>::type;
  static_assert(std::tuple_size_v<blocks> == Shape.layers,
                "dormant::transformer: the stack must name as many blocks as the shape has layers");
  static_assert(!stacked || !((detail::is_rule<Parts> || detail::is_block_switch<Parts>) || ...),
                "dormant::transformer: with a stack, attention rules and block switches belong "
                "inside the blocks");

  template <std::size_t L>
  using block_at = std::tuple_element_t<L, blocks>;

  static constexpr bool factored = detail::contains<factored_embedding, Parts...>;
  static_assert(
      !factored || (block_at<0>::attention_norm && !post_norm && !block_at<0>::has_gate),
      "dormant::transformer: factored_embedding needs attention without a gate in layer 0, "
      "with a norm before it");

  /// Calls `f.template operator()<Block>(layer)` for every layer, first to last. Code is generated
  /// per kind of block, not per layer.
  template <class F>
  static constexpr void each_layer(F&& f) {
    [&]<std::size_t... L>(std::index_sequence<L...>) {
      (f.template operator()<block_at<L>>(L), ...);
    }
    (std::make_index_sequence<Shape.layers>{});
  }
  template <class F>
  static void each_layer_backwards(F&& f) {
    [&]<std::size_t... L>(std::index_sequence<L...>) {
      (f.template operator()<block_at<Shape.layers - 1 - L>>(Shape.layers - 1 - L), ...);
    }
    (std::make_index_sequence<Shape.layers>{});
  }
  /// Whether `Has<Block>` holds for some layer.
  template <class Has>
  static constexpr bool any_block(Has has) {
    return [&]<std::size_t... L>(std::index_sequence<L...>) {
      return (has(static_cast<block_at<L>*>(nullptr)) || ...);
    }
    (std::make_index_sequence<Shape.layers>{});
  }

private:
  template <bool Exists, class... Site>
  using sites_if = std::conditional_t<Exists, detail::types<Site...>, detail::types<>>;
  static constexpr bool attends = any_block([]<class B>(B*) { return B::has_attention; });
  static constexpr bool normed1 = any_block([]<class B>(B*) { return B::attention_norm; });
  static constexpr bool normed2 = any_block([]<class B>(B*) { return B::mlp_norm; });
  static constexpr bool hides = any_block([]<class B>(B*) { return B::has_mlp && !B::linear_mlp; });
  static constexpr bool mixes = any_block([]<class B>(B*) { return B::has_mlp; });

public:
  static constexpr bool merged = any_block([]<class B>(B*) { return B::merged; });
  static_assert(!merged || Shape.heads == 1,
                "dormant::transformer: merged_projections pays, and is offered, for one head only");

  /// The sites of the forward pass that exist in some layer of this structure.
  using sites =
      detail::join<detail::types<site::tok_embed, site::pos_embed, site::embed, site::resid_pre,
                                 site::resid_mid, site::resid_post, site::logits>,
                   sites_if<normed1, site::norm1>,
                   sites_if<attends, site::q, site::k, site::v, site::value_out, site::scores,
                            site::pattern, site::z, site::attn_out>,
                   sites_if<normed2, site::norm2>, sites_if<hides, site::mlp_hidden>,
                   sites_if<mixes, site::mlp_out>, sites_if<final_norm, site::final_norm>>;
  /// Those that exact algebra goes around: they can be read, but nothing depends on them.
  using bypassed = detail::join<sites_if<merged, site::q, site::k, site::v, site::z>,
                                sites_if<factored, site::tok_embed, site::pos_embed, site::embed,
                                         site::resid_pre, site::norm1>>;
};

} // namespace dormant
