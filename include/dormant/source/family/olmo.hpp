// SPDX-License-Identifier: MIT
// OLMo 1 (arXiv 2402.00838): Llama with a layer norm that has no parameters, and q,
// k and v clipped. OLMo 2 (arXiv 2501.00656): norms after the branches, x +
// rms(A(x)), and on all of q and of k.
#pragma once

#include "dormant/source/family/llama.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

namespace dormant {

struct olmo : detail::stored_like_llama {
  static constexpr std::string_view architecture = "OlmoForCausalLM";
  template <class Scalar>
  using net = transformer<
      at_run_time,
      block<residual<plain_layer_norm, attention<softmax, biases, clip_qkv<>, rotary<>>>,
            residual<plain_layer_norm, gated_mlp<silu, biased>>>,
      no_positions, last_norm<plain_layer_norm>, Scalar>;

  [[nodiscard]] static olmo of(sizes const& s, used_biases biases) {
    olmo family;
    family.s = s;
    detail::refuse_mlp_bias(biases, architecture);
    family.attention_bias = biases.attention;
    return family;
  }
  [[nodiscard]] static olmo read(json_object const& config) {
    detail::expect_text(config, {"hidden_act"}, "silu");
    olmo family;
    family.s = detail::read_sizes(config);
    family.s.norm_epsilon = 1e-5; // said by no field
    family.s.rotary = detail::read_rotary(config, family.s);
    family.s.clip = std::numeric_limits<double>::infinity();
    if (auto const clip = config.maybe_number({"clip_qkv"})) {
      family.s.clip = detail::checked_between(config, {"clip_qkv"}, *clip);
    }
    family.attention_bias = config.flag({"attention_bias"}, false);
    return family;
  }
  [[nodiscard]] settings write() const {
    auto all = detail::written_sizes(s, "olmo", architecture);
    if (std::isfinite(s.clip)) all.add("clip_qkv", s.clip);
    all.add("attention_bias", attention_bias);
    return all;
  }
};

struct olmo2 : detail::stored_like_llama {
  static constexpr std::string_view architecture = "Olmo2ForCausalLM";
  template <class Scalar>
  using net = transformer<
      at_run_time,
      block<residual<no_norm, attention<softmax, biases, whole_qk_norm, rotary<>>, rms_norm>,
            residual<no_norm, gated_mlp<silu, biased>, rms_norm>>,
      no_positions, last_norm<rms_norm>, Scalar>;

  [[nodiscard]] static olmo2 of(sizes const& s, used_biases biases) {
    olmo2 family;
    family.s = s;
    detail::refuse_mlp_bias(biases, architecture);
    family.attention_bias = biases.attention;
    return family;
  }
  [[nodiscard]] static olmo2 read(json_object const& config) {
    detail::expect_text(config, {"hidden_act"}, "silu");
    olmo2 family;
    family.s = detail::read_sizes(config);
    family.s.norm_epsilon = detail::read_epsilon(config, {"rms_norm_eps"}, 1e-5);
    family.s.rotary = detail::read_rotary(config, family.s);
    family.attention_bias = config.flag({"attention_bias"}, false);
    return family;
  }
  [[nodiscard]] settings write() const {
    auto all = detail::written_sizes(s, "olmo2", architecture);
    all.add("rms_norm_eps", s.norm_epsilon);
    all.add("attention_bias", attention_bias);
    return all;
  }
  [[nodiscard]] std::optional<stored_rows> stored(tensor_spec const& t, sizes const& of) const {
    static constexpr std::array<stored_name, 4> own{{
        {"layers.*.attention.q_norm.weight", "model.layers.*.self_attn.q_norm.weight"},
        {"layers.*.attention.k_norm.weight", "model.layers.*.self_attn.k_norm.weight"},
        {"layers.*.attention_post_norm.weight", "model.layers.*.post_attention_layernorm.weight"},
        {"layers.*.ff_post_norm.weight", "model.layers.*.post_feedforward_layernorm.weight"},
    }};
    if (t.group == group::norms && t.name.view() != "norm.weight") {
      return stored_rows{.name = detail::translated(own, t.name.view())};
    }
    return stored_like_llama::stored(t, of);
  }
};

} // namespace dormant
