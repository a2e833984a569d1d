// SPDX-License-Identifier: MIT
// GPT-2 (Radford et al. 2019): learned positions, layer norms before the branches, biases, the head
// tied to the tokens. Matrices are stored as [in, out], and q, k and v as one.
#pragma once

#include "dormant/model/transformer.hpp"
#include "dormant/part/parts.hpp"
#include "dormant/source/family.hpp"
#include "dormant/source/read_sizes.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dormant {

/// \tparam Activation `gelu_tanh`, or `relu_unit`, with which the paper's model is one
template <class Activation = gelu_tanh>
struct gpt2 {
  static constexpr std::string_view architecture = "GPT2LMHeadModel";
  static constexpr std::string_view optional_prefix = "transformer.";
  static constexpr std::string_view token_table = "wte.weight";
  static constexpr bool tied_by_default = true;
  static constexpr std::string_view activation_name =
      std::is_same_v<Activation, relu_unit> ? "relu" : "gelu_new";

  template <class Scalar>
  using net = transformer<at_run_time,
                          block<residual<layer_norm, attention<softmax, biases>>,
                                residual<layer_norm, mlp<Activation, biased>>>,
                          Scalar>;

  sizes s{shape{}};

  [[nodiscard]] static gpt2 of(sizes const& s, used_biases /*all are written*/) {
    gpt2 family;
    family.s = s;
    return family;
  }
  [[nodiscard]] static gpt2 read(json_object const& config) {
    detail::expect_text(config, {"activation_function"}, activation_name);
    detail::expect_flag(config, {"scale_attn_weights"}, true);
    detail::expect_flag(config, {"scale_attn_by_inverse_layer_idx"}, false);
    detail::expect_flag(config, {"add_cross_attention"}, false);
    detail::refuse_quantised(config);
    std::size_t const width = detail::read_size(config, {"n_embd"}, 1U << 22U);
    std::size_t const heads = detail::read_size(config, {"n_head"}, 1U << 14U);
    if (width % heads != 0) {
      config.fail("n_head", {"is ", heads, ", which does not divide the ", width, " of n_embd"});
    }
    gpt2 family;
    family.s = sizes(shape{.layers = detail::read_size(config, {"n_layer"}, 10'000),
                           .heads = heads,
                           .width = width,
                           .vocab = detail::read_size(config, {"vocab_size"}),
                           .context = detail::read_size(config, {"n_positions", "n_ctx"}),
                           .mlp_width = detail::read_size_or(config, {"n_inner"}, 4 * width)});
    family.s.norm_epsilon = detail::read_epsilon(config, {"layer_norm_epsilon"}, 1e-5);
    return family;
  }
  [[nodiscard]] settings write() const {
    settings all;
    all.add("architectures", std::vector<std::string>{std::string(architecture)});
    all.add("model_type", "gpt2");
    all.add("n_embd", s.width);
    all.add("n_head", s.heads);
    all.add("n_layer", s.layers);
    all.add("n_inner", s.hidden);
    all.add("n_positions", s.context);
    all.add("vocab_size", s.vocab);
    all.add("activation_function", activation_name);
    all.add("layer_norm_epsilon", s.norm_epsilon);
    return all;
  }

  [[nodiscard]] std::optional<stored_rows> stored(tensor_spec const& t, sizes const& of) const {
    static constexpr std::array<stored_name, 21> names{{
        {"tok_embeddings.weight", "wte.weight"},
        {"pos_embeddings.weight", "wpe.weight"},
        {"layers.*.attention_norm.weight", "h.*.ln_1.weight"},
        {"layers.*.attention_norm.bias", "h.*.ln_1.bias"},
        {"layers.*.attention.wq.weight", "h.*.attn.c_attn.weight"},
        {"layers.*.attention.wk.weight", "h.*.attn.c_attn.weight"},
        {"layers.*.attention.wv.weight", "h.*.attn.c_attn.weight"},
        {"layers.*.attention.wq.bias", "h.*.attn.c_attn.bias"},
        {"layers.*.attention.wk.bias", "h.*.attn.c_attn.bias"},
        {"layers.*.attention.wv.bias", "h.*.attn.c_attn.bias"},
        {"layers.*.attention.wo.weight", "h.*.attn.c_proj.weight"},
        {"layers.*.attention.wo.bias", "h.*.attn.c_proj.bias"},
        {"layers.*.ff_norm.weight", "h.*.ln_2.weight"},
        {"layers.*.ff_norm.bias", "h.*.ln_2.bias"},
        {"layers.*.ff.w1.weight", "h.*.mlp.c_fc.weight"},
        {"layers.*.ff.w1.bias", "h.*.mlp.c_fc.bias"},
        {"layers.*.ff.w2.weight", "h.*.mlp.c_proj.weight"},
        {"layers.*.ff.w2.bias", "h.*.mlp.c_proj.bias"},
        {"norm.weight", "ln_f.weight"},
        {"norm.bias", "ln_f.bias"},
        {"output.weight", "lm_head.weight"},
    }};
    stored_rows rows{.name = detail::translated(names, t.name.view())};
    bool const in_layer = t.group == group::attention || t.group == group::mlp;
    rows.transposed = in_layer && !t.vector;
    if (auto const third = detail::third_of(t)) rows.first = *third * of.width;
    return rows;
  }
  [[nodiscard]] static bool stored_thirds(tensor_spec const& t) {
    return detail::third_of(t).has_value();
  }
  [[nodiscard]] static bool is_buffer(std::string_view name) {
    return detail::fits_any(name,
                            {"h.*.attn.bias", "h.*.attn.masked_bias", "transformer.h.*.attn.bias",
                             "transformer.h.*.attn.masked_bias"});
  }
};

} // namespace dormant
