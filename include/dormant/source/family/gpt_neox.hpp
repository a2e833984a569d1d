// SPDX-License-Identifier: MIT
// GPT-NeoX and Pythia (arXiv 2204.06745, 2304.01373): x + A(norm(x)) + M(norm'(x)), or
// one after the other; rotary embedding of a part of each head; biases. q, k and v are
// stored by head, as one matrix.
#pragma once

#include "dormant/model/transformer.hpp"
#include "dormant/part/parts.hpp"
#include "dormant/source/family.hpp"
#include "dormant/source/read_rotary.hpp"
#include "dormant/source/read_sizes.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace dormant {

/// \tparam Parallel what config.json calls use_parallel_residual
template <bool Parallel = true>
struct gpt_neox {
  static constexpr std::string_view architecture = "GPTNeoXForCausalLM";
  static constexpr std::string_view optional_prefix = "";
  static constexpr std::string_view token_table = "gpt_neox.embed_in.weight";
  static constexpr bool tied_by_default = false;

  using attention_part = attention<softmax, biases, rotary<>>;
  using mlp_part = mlp<gelu, biased>;
  using block_type = std::conditional_t<
      Parallel, block<parallel<layer_norm, attention_part, mlp_part, layer_norm>>,
      block<residual<layer_norm, attention_part>, residual<layer_norm, mlp_part>>>;
  template <class Scalar>
  using net = transformer<at_run_time, block_type, no_positions, last_norm<layer_norm>, Scalar>;

  sizes s{shape{}};
  bool attention_bias = true;

  [[nodiscard]] static gpt_neox of(sizes const& s, used_biases /*all are written*/) {
    gpt_neox family;
    family.s = s;
    return family;
  }
  [[nodiscard]] static gpt_neox read(json_object const& config) {
    detail::expect_text(config, {"hidden_act"}, "gelu");
    detail::expect_flag(config, {"use_parallel_residual"}, Parallel);
    gpt_neox family;
    family.s = detail::read_sizes(config);
    expect_count(config, "num_key_value_heads", family.s.heads);
    expect_count(config, "head_dim", family.s.width / family.s.heads);
    family.s.norm_epsilon = detail::read_epsilon(config, {"layer_norm_eps"}, 1e-5);
    family.s.rotary = detail::read_rotary(config, family.s, 0.25);
    family.attention_bias = config.flag({"attention_bias"}, true);
    return family;
  }
  [[nodiscard]] settings write() const {
    auto all = detail::written_sizes(s, "gpt_neox", architecture, "gelu");
    all.add("layer_norm_eps", s.norm_epsilon);
    all.add("use_parallel_residual", Parallel);
    all.add("attention_bias", attention_bias);
    return all;
  }

  [[nodiscard]] std::optional<stored_rows> stored(tensor_spec const& t, sizes const& of) const {
    static constexpr std::array<stored_name, 22> names{{
        {"tok_embeddings.weight", "gpt_neox.embed_in.weight"},
        {"layers.*.attention_norm.weight", "gpt_neox.layers.*.input_layernorm.weight"},
        {"layers.*.attention_norm.bias", "gpt_neox.layers.*.input_layernorm.bias"},
        {"layers.*.attention.wq.weight", "gpt_neox.layers.*.attention.query_key_value.weight"},
        {"layers.*.attention.wk.weight", "gpt_neox.layers.*.attention.query_key_value.weight"},
        {"layers.*.attention.wv.weight", "gpt_neox.layers.*.attention.query_key_value.weight"},
        {"layers.*.attention.wq.bias", "gpt_neox.layers.*.attention.query_key_value.bias"},
        {"layers.*.attention.wk.bias", "gpt_neox.layers.*.attention.query_key_value.bias"},
        {"layers.*.attention.wv.bias", "gpt_neox.layers.*.attention.query_key_value.bias"},
        {"layers.*.attention.wo.weight", "gpt_neox.layers.*.attention.dense.weight"},
        {"layers.*.attention.wo.bias", "gpt_neox.layers.*.attention.dense.bias"},
        {"layers.*.ff_norm.weight", "gpt_neox.layers.*.post_attention_layernorm.weight"},
        {"layers.*.ff_norm.bias", "gpt_neox.layers.*.post_attention_layernorm.bias"},
        {"layers.*.ff.w1.weight", "gpt_neox.layers.*.mlp.dense_h_to_4h.weight"},
        {"layers.*.ff.w1.bias", "gpt_neox.layers.*.mlp.dense_h_to_4h.bias"},
        {"layers.*.ff.w2.weight", "gpt_neox.layers.*.mlp.dense_4h_to_h.weight"},
        {"layers.*.ff.w2.bias", "gpt_neox.layers.*.mlp.dense_4h_to_h.bias"},
        {"norm.weight", "gpt_neox.final_layer_norm.weight"},
        {"norm.bias", "gpt_neox.final_layer_norm.bias"},
        {"output.weight", "embed_out.weight"},
    }};
    if (!attention_bias && t.vector && t.group == group::attention) return std::nullopt;
    stored_rows rows{.name = detail::translated(names, t.name.view())};
    if (auto const third = detail::third_of(t)) {
      rows.first = *third * of.head_width;
      rows.group = of.head_width;
      rows.step = 3 * of.head_width;
    }
    return rows;
  }
  [[nodiscard]] static bool stored_thirds(tensor_spec const& t) {
    return detail::third_of(t).has_value();
  }
  [[nodiscard]] static bool is_buffer(std::string_view name) {
    return detail::fits_any(name,
                            {"gpt_neox.layers.*.attention.rotary_emb.inv_freq",
                             "gpt_neox.layers.*.attention.masked_bias",
                             "gpt_neox.layers.*.attention.bias", "gpt_neox.rotary_emb.inv_freq"});
  }

private:
  static void expect_count(json_object const& config, char const* name, std::size_t only) {
    auto const found = config.maybe_count({name}).value_or(only);
    if (found != only) config.fail(name, {"is ", found, ", in this family always ", only});
  }
};

} // namespace dormant
