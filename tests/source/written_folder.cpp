// SPDX-License-Identifier: MIT
// What the folders of each family hold.
#include "source/written_folder.hpp"

namespace written_folder {

namespace {

contents like_llama(json config, std::size_t kv_heads, std::vector<std::string> const& norms) {
  contents out{std::move(config), {}};
  out.config.update({{"hidden_size", width},
                     {"num_attention_heads", heads},
                     {"num_key_value_heads", kv_heads},
                     {"num_hidden_layers", layers},
                     {"intermediate_size", hidden},
                     {"vocab_size", vocab},
                     {"max_position_embeddings", positions},
                     {"hidden_act", "silu"}});
  out.add("model.embed_tokens.weight", {vocab, width});
  for (std::size_t l = 0; l < layers; ++l) {
    auto const in = "model.layers." + std::to_string(l) + ".";
    std::size_t const keys = kv_heads * width / heads;
    for (auto const& norm : norms) {
      out.add(in + norm + ".weight", {norm == "self_attn.k_norm" ? keys : width});
    }
    out.add(in + "self_attn.q_proj.weight", {width, width});
    out.add(in + "self_attn.k_proj.weight", {keys, width});
    out.add(in + "self_attn.v_proj.weight", {keys, width});
    out.add(in + "self_attn.o_proj.weight", {width, width});
    out.add(in + "mlp.gate_proj.weight", {hidden, width});
    out.add(in + "mlp.up_proj.weight", {hidden, width});
    out.add(in + "mlp.down_proj.weight", {width, hidden});
  }
  if (!norms.empty()) out.add("model.norm.weight", {width});
  out.add("lm_head.weight", {vocab, width});
  return out;
}

/// A matrix and its bias.
void add_layer(contents& out, std::string const& name, std::vector<std::size_t> const& shape,
               std::size_t outputs) {
  out.add(name + ".weight", shape);
  out.add(name + ".bias", {outputs});
}

contents neox(bool parallel) {
  contents out{{{"architectures", {"GPTNeoXForCausalLM"}},
                {"hidden_size", width},
                {"num_attention_heads", heads},
                {"num_hidden_layers", layers},
                {"intermediate_size", hidden},
                {"vocab_size", vocab},
                {"max_position_embeddings", positions},
                {"hidden_act", "gelu"},
                {"rotary_pct", 0.5},
                {"rotary_emb_base", 10000},
                {"use_parallel_residual", parallel}},
               {}};
  out.add("gpt_neox.embed_in.weight", {vocab, width});
  for (std::size_t l = 0; l < layers; ++l) {
    auto const in = "gpt_neox.layers." + std::to_string(l) + ".";
    add_layer(out, in + "input_layernorm", {width}, width);
    add_layer(out, in + "post_attention_layernorm", {width}, width);
    add_layer(out, in + "attention.query_key_value", {3 * width, width}, 3 * width);
    add_layer(out, in + "attention.dense", {width, width}, width);
    add_layer(out, in + "mlp.dense_h_to_4h", {hidden, width}, hidden);
    add_layer(out, in + "mlp.dense_4h_to_h", {width, hidden}, width);
  }
  add_layer(out, "gpt_neox.final_layer_norm", {width}, width);
  out.add("embed_out.weight", {vocab, width});
  return out;
}

contents gpt2_of(char const* activation) {
  contents out{{{"architectures", {"GPT2LMHeadModel"}},
                {"n_embd", width},
                {"n_head", heads},
                {"n_layer", layers},
                {"n_inner", hidden},
                {"n_positions", positions},
                {"vocab_size", vocab},
                {"activation_function", activation}},
               {}};
  out.add("wte.weight", {vocab, width});
  out.add("wpe.weight", {positions, width});
  for (std::size_t l = 0; l < layers; ++l) {
    auto const in = "h." + std::to_string(l) + ".";
    add_layer(out, in + "ln_1", {width}, width);
    add_layer(out, in + "ln_2", {width}, width);
    add_layer(out, in + "attn.c_attn", {width, 3 * width}, 3 * width);
    add_layer(out, in + "attn.c_proj", {width, width}, width);
    add_layer(out, in + "mlp.c_fc", {width, hidden}, hidden);
    add_layer(out, in + "mlp.c_proj", {hidden, width}, width);
  }
  add_layer(out, "ln_f", {width}, width);
  return out;
}

} // namespace

contents valid(form of) {
  switch (of) {
  case form::llama:
    return like_llama({{"architectures", {"LlamaForCausalLM"}}}, 1,
                      {"input_layernorm", "post_attention_layernorm"});
  case form::olmo: return like_llama({{"architectures", {"OlmoForCausalLM"}}}, heads, {});
  case form::olmo2:
    return like_llama({{"architectures", {"Olmo2ForCausalLM"}}}, 1,
                      {"self_attn.q_norm", "self_attn.k_norm", "post_attention_layernorm",
                       "post_feedforward_layernorm"});
  case form::neox_serial: return neox(false);
  case form::neox_parallel: return neox(true);
  case form::gpt2_gelu: return gpt2_of("gelu_new");
  default: return gpt2_of("relu");
  }
}

} // namespace written_folder
