// SPDX-License-Identifier: MIT
// The named places of a forward pass, of its backward pass and of training, each with its shape.
// Names are those of TransformerLens; shapes are per sequence.
#pragma once

#include "dormant/task/batch.hpp"
#include "dormant/tensor.hpp"
#include "dormant/tensor_spec.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dormant {

/// Where a hook is called from: which layer of which sequence.
template <std::size_t Rank>
struct forward_place {
  static constexpr std::size_t rank = Rank;
  std::size_t layer = 0;
  dormant::sequence sequence; ///< the tokens being read, their targets and laws
};

/// Which training event, and for parameter events of which tensor.
struct training_place {
  std::uint64_t step = 0;       ///< steps taken before this one
  std::string_view tensor = {}; ///< name in the state dict, e.g. `layers.0.attention.wq.weight`
};

/// What a run looks like from outside after a step; the value heard at `site::step`.
template <class T>
struct run_state {
  /// One memory of the optimizer, laid out like the parameters unless it is `flat`.
  struct moment {
    std::string_view name;
    std::span<T const> values;
    bool flat = false; ///< of a size of its own
  };
  std::uint64_t step = 0;  ///< steps taken so far
  std::uint64_t steps = 0; ///< steps the schedule asks for
  std::size_t tokens_per_step = 0;
  double loss = 0; ///< of the batch of this step, nats
  std::span<T const> parameters;
  std::span<moment const> moments;
  std::span<tensor_spec const> tensors; ///< what lies where in them
};

namespace detail {
/// A list of types and nothing more: `std::tuple` would be instantiated, which costs compile time.
template <class... T>
struct types {};

template <class... Lists>
struct joined {
  using type = types<>;
};
template <class... A>
struct joined<types<A...>> {
  using type = types<A...>;
};
template <class... A, class... B, class... Rest>
struct joined<types<A...>, types<B...>, Rest...> : joined<types<A..., B...>, Rest...> {};
template <class... Lists>
using join = typename joined<Lists...>::type;
} // namespace detail

/// The named places of a step, where probes listen and interventions edit.
namespace site {

// clang-format off
struct tok_embed  : forward_place<2> { static constexpr std::string_view name = "tok_embed"; };  // [T, C] of the token alone (hook_embed)
struct pos_embed  : forward_place<2> { static constexpr std::string_view name = "pos_embed"; };  // [T, C] of the position alone (hook_pos_embed)
struct embed      : forward_place<2> { static constexpr std::string_view name = "embed"; };      // [T, C] token + position
struct resid_pre  : forward_place<2> { static constexpr std::string_view name = "resid_pre"; };  // [T, C] what a layer reads
struct norm1      : forward_place<2> { static constexpr std::string_view name = "norm1", scale_name = "norm1_scale"; }; // [T, C]
struct q          : forward_place<3> { static constexpr std::string_view name = "q"; };          // [T, H, D]
struct k          : forward_place<3> { static constexpr std::string_view name = "k"; };          // [T, H, D]
struct v          : forward_place<3> { static constexpr std::string_view name = "v"; };          // [T, H, D]
struct rot_q      : forward_place<3> { static constexpr std::string_view name = "rot_q"; };      // [T, H, D] after rotary embedding
struct rot_k      : forward_place<3> { static constexpr std::string_view name = "rot_k"; };      // [T, H, D]
struct scores     : forward_place<3> { static constexpr std::string_view name = "scores"; };     // [H, T query, T key], -inf above the diagonal
struct pattern    : forward_place<3> { static constexpr std::string_view name = "pattern"; };    // [H, T query, T key], 0 above the diagonal
struct z          : forward_place<3> { static constexpr std::string_view name = "z"; };          // [T, H, D] what W_O reads
struct attn_out   : forward_place<2> { static constexpr std::string_view name = "attn_out"; };   // [T, C]
struct resid_mid  : forward_place<2> { static constexpr std::string_view name = "resid_mid"; };  // [T, C]
struct norm2      : forward_place<2> { static constexpr std::string_view name = "norm2", scale_name = "norm2_scale"; }; // [T, C]
struct mlp_pre    : forward_place<2> { static constexpr std::string_view name = "mlp_pre"; };    // [T, F] before the nonlinearity
struct mlp_pre_linear : forward_place<2> { static constexpr std::string_view name = "mlp_pre_linear"; }; // [T, F] what a gated MLP lets through
struct mlp_hidden : forward_place<2> { static constexpr std::string_view name = "mlp_hidden"; }; // [T, F] what W_2 reads
struct mlp_out    : forward_place<2> { static constexpr std::string_view name = "mlp_out"; };    // [T, C]
struct resid_post : forward_place<2> { static constexpr std::string_view name = "resid_post"; }; // [T, C] what a layer leaves
struct final_norm : forward_place<2> { static constexpr std::string_view name = "final_norm", scale_name = "final_norm_scale"; }; // [T, C]
struct logits     : forward_place<2> { static constexpr std::string_view name = "logits"; };     // [T, V]

/// `W_O v_j` for each head, [H, T, C]: the value states in the residual stream. Computed on the
/// side and only when a probe listens; nothing reads it, so it cannot be edited.
struct value_out  : forward_place<3> { static constexpr std::string_view name = "value_out"; };

/// What a norm divides by, [T, 1], sqrt(variance + eps) or sqrt(mean square + eps) (hook_scale): of
/// the norm whose output is shown at `Norm`. Made on the side, as `value_out` is.
template <class Norm>
struct scale_of : forward_place<2> { static constexpr std::string_view name = Norm::scale_name; };

/// The mirror of a site in the backward pass: dL/d(site), same shape. An intervention that changes
/// a value during training says here what that does to the gradient.
template <class Site>
struct gradient_of : forward_place<Site::rank> { using mirrored = Site; };

// Training events. The value heard is in brackets.
struct loss     : training_place {}; // (double) mean over the batch, nats
struct gradient : training_place {}; // (view<T, 2>) of one parameter tensor, before the optimizer
struct update   : training_place {}; // (view<T const, 2>) what the optimizer added to one tensor
struct step     : training_place {}; // (run_state<T>) after the optimizer
// clang-format on

/// Every place of the forward pass, in the order in which it is reached.
using forward = detail::types<tok_embed, pos_embed, embed, resid_pre, scale_of<norm1>, norm1, q, k,
                              v, rot_q, rot_k, value_out, scores, pattern, z, attn_out, resid_mid,
                              scale_of<norm2>, norm2, mlp_pre, mlp_pre_linear, mlp_hidden, mlp_out,
                              resid_post, scale_of<final_norm>, final_norm, logits>;
/// Those whose value from before an edit the backward pass reads.
using kept_before_edits = detail::types<pattern, mlp_hidden>;
/// Every training event.
using events = detail::types<loss, gradient, update, step>;

} // namespace site

namespace detail {
// What a hook is given at a site, as the type of a read-only and of a writable argument.
template <class Site, class T>
struct heard {
  using reading = view<T const, Site::rank>;
  using writing = view<T, Site::rank>;
};
template <class T>
struct heard<site::value_out, T> {
  using reading = view<T const, 3>;
  using writing = void;
};
template <class Norm, class T>
struct heard<site::scale_of<Norm>, T> {
  using reading = view<T const, 2>;
  using writing = void;
};
template <class T>
struct heard<site::loss, T> {
  using reading = double;
  using writing = void;
};
template <class T>
struct heard<site::gradient, T> {
  using reading = view<T const, 2>;
  using writing = view<T, 2>;
};
template <class T>
struct heard<site::update, T> {
  using reading = view<T const, 2>;
  using writing = void;
};
template <class T>
struct heard<site::step, T> {
  using reading = run_state<T>;
  using writing = void;
};
} // namespace detail

} // namespace dormant
