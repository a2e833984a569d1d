// SPDX-License-Identifier: MIT
// Llama 1 to 3 (arXiv 2302.13971, 2307.09288, 2407.21783):
//   x + A(rms(x)), x + W_2 (silu(W_1 rms(x)) * W_3 rms(x))
#pragma once

#include "dormant/model/transformer.hpp"
#include "dormant/part/parts.hpp"
#include "dormant/source/family.hpp"
#include "dormant/source/read_rotary.hpp"
#include "dormant/source/read_sizes.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace dormant {

namespace detail {
/// Names that Llama and OLMo share.
inline constexpr std::array<stored_name, 20> llama_names{{
    {"tok_embeddings.weight", "model.embed_tokens.weight"},
    {"layers.*.attention_norm.weight", "model.layers.*.input_layernorm.weight"},
    {"layers.*.attention.wq.weight", "model.layers.*.self_attn.q_proj.weight"},
    {"layers.*.attention.wk.weight", "model.layers.*.self_attn.k_proj.weight"},
    {"layers.*.attention.wv.weight", "model.layers.*.self_attn.v_proj.weight"},
    {"layers.*.attention.wo.weight", "model.layers.*.self_attn.o_proj.weight"},
    {"layers.*.attention.wq.bias", "model.layers.*.self_attn.q_proj.bias"},
    {"layers.*.attention.wk.bias", "model.layers.*.self_attn.k_proj.bias"},
    {"layers.*.attention.wv.bias", "model.layers.*.self_attn.v_proj.bias"},
    {"layers.*.attention.wo.bias", "model.layers.*.self_attn.o_proj.bias"},
    {"layers.*.ff_norm.weight", "model.layers.*.post_attention_layernorm.weight"},
    {"layers.*.ff.w1.weight", "model.layers.*.mlp.gate_proj.weight"},
    {"layers.*.ff.w2.weight", "model.layers.*.mlp.down_proj.weight"},
    {"layers.*.ff.w3.weight", "model.layers.*.mlp.up_proj.weight"},
    {"layers.*.ff.w1.bias", "model.layers.*.mlp.gate_proj.bias"},
    {"layers.*.ff.w2.bias", "model.layers.*.mlp.down_proj.bias"},
    {"layers.*.ff.w3.bias", "model.layers.*.mlp.up_proj.bias"},
    {"norm.weight", "model.norm.weight"},
    {"output.weight", "lm_head.weight"},
}};

inline void refuse_mlp_bias(used_biases biases, std::string_view architecture) {
  if (biases.mlp) refuse({"this model is no ", architecture, ": its MLPs have biases"});
}

/// Where a Llama-like model stores a tensor: under another name, and biases only if it has them.
struct stored_like_llama {
  static constexpr std::string_view optional_prefix = "";
  static constexpr std::string_view token_table = "model.embed_tokens.weight";
  static constexpr bool tied_by_default = false;

  sizes s{shape{}};
  bool attention_bias = false, mlp_bias = false;

  [[nodiscard]] std::optional<stored_rows> stored(tensor_spec const& t, sizes const&) const {
    if (t.vector && t.name.view().ends_with(".bias") &&
        !(t.group == group::attention ? attention_bias : mlp_bias)) {
      return std::nullopt;
    }
    return stored_rows{.name = translated(llama_names, t.name.view())};
  }
  [[nodiscard]] static bool stored_thirds(tensor_spec const&) { return false; }
  [[nodiscard]] static bool is_buffer(std::string_view name) {
    return fits_any(name,
                    {"model.layers.*.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq"});
  }
};
} // namespace detail

struct llama : detail::stored_like_llama {
  static constexpr std::string_view architecture = "LlamaForCausalLM";
  template <class Scalar>
  using net = transformer<at_run_time,
                          block<residual<rms_norm, attention<softmax, biases, rotary<>>>,
                                residual<rms_norm, gated_mlp<silu, biased>>>,
                          no_positions, last_norm<rms_norm>, Scalar>;

  [[nodiscard]] static llama of(sizes const& s, used_biases biases) {
    llama family;
    family.s = s;
    family.attention_bias = biases.attention;
    family.mlp_bias = biases.mlp;
    return family;
  }
  [[nodiscard]] static llama read(json_object const& config) {
    detail::expect_text(config, {"hidden_act"}, "silu");
    llama family;
    family.s = detail::read_sizes(config);
    family.s.norm_epsilon = detail::read_epsilon(config, {"rms_norm_eps"}, 1e-6);
    family.s.rotary = detail::read_rotary(config, family.s);
    family.attention_bias = config.flag({"attention_bias"}, false);
    family.mlp_bias = config.flag({"mlp_bias"}, false);
    return family;
  }
  [[nodiscard]] settings write() const {
    auto all = detail::written_sizes(s, "llama", architecture);
    all.add("rms_norm_eps", s.norm_epsilon);
    all.add("attention_bias", attention_bias);
    all.add("mlp_bias", mlp_bias);
    return all;
  }
};

} // namespace dormant
