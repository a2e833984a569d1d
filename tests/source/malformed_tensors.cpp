// SPDX-License-Identifier: MIT
// Tensors that do not fit their config.json are named.
#include "catch.hpp"
#include "source/written_folder.hpp"

#include <functional>
#include <string>
#include <vector>

using namespace written_folder;
using dormant::dtype;

namespace {

/// A change to a valid folder, and what is said of it.
struct row {
  form of;
  std::function<void(contents&)> change;
  std::string sentence;
};
void check(std::vector<row> const& rows) {
  scratch::folder const here;
  for (auto const& [of, change, sentence] : rows) {
    auto all = valid(of);
    change(all);
    all.write(here / "model");
    CHECK(said(here / "model") == sentence);
  }
}

std::string const file = "'HERE/model.safetensors': ";
std::string const query = "model.layers.1.self_attn.q_proj.weight";

auto without(std::string const& name) {
  return [name](contents& all) { all.remove(name); };
}
auto shaped(std::string const& name, std::vector<std::size_t> const& shape) {
  return [=](contents& all) {
    all.remove(name);
    all.add(name, shape);
  };
}
auto typed(std::string const& name, dtype type) {
  return [=](contents& all) { all.at(name).type = type; };
}
auto configured(char const* change) {
  return [=](contents& all) { all.config.merge_patch(json::parse(change)); };
}

} // namespace

TEST_CASE("a tensor that is missing, or one too many, is named", "[source]") {
  using enum form;
  auto const missing = [](std::string const& name) {
    return "'HERE': tensor '" + name + "' is missing";
  };
  auto const extra = [](std::string const& name, std::string const& family) {
    return file + "tensor '" + name + "' is no part of a " + family +
           " with this config.json, so it would be left out";
  };
  std::string const head = ", and config.json has no tie_word_embeddings that would explain it";
  check({
      {llama, without(query), missing(query)},
      {llama, without("model.norm.weight"), missing("model.norm.weight")},
      {llama, without("lm_head.weight"), missing("lm_head.weight") + head},
      {neox_serial, without("embed_out.weight"), missing("embed_out.weight") + head},
      {gpt2_gelu, configured(R"({"tie_word_embeddings": false})"),
       missing("lm_head.weight") + head},
      {llama,
       [](contents& all) {
         configured(R"({"tie_word_embeddings": true})")(all);
         all.remove("lm_head.weight");
         all.remove("model.embed_tokens.weight");
       },
       missing("model.embed_tokens.weight")},
      {llama, configured(R"({"tie_word_embeddings": true})"),
       file + "tensor 'lm_head.weight' is not the same as 'model.embed_tokens.weight', to which "
              "config.json ties it (tie_word_embeddings)"},
      {llama, configured(R"({"attention_bias": true})"),
       missing("model.layers.0.self_attn.q_proj.bias")},
      {llama, configured(R"({"mlp_bias": true})"), missing("model.layers.0.mlp.gate_proj.bias")},
      {neox_parallel, configured(R"({"attention_bias": false})"),
       extra("gpt_neox.layers.0.attention.dense.bias", "GPTNeoXForCausalLM")},
      {gpt2_relu, without("h.1.attn.c_attn.bias"), missing("h.1.attn.c_attn.bias")},
      {olmo2, without("model.layers.0.self_attn.k_norm.weight"),
       missing("model.layers.0.self_attn.k_norm.weight")},
      {llama, [](contents& all) { all.add("model.layers.0.self_attn.q_proj.bias", {width}); },
       extra("model.layers.0.self_attn.q_proj.bias", "LlamaForCausalLM")},
      {llama, configured(R"({"num_hidden_layers": 1})"),
       extra("model.layers.1.input_layernorm.weight", "LlamaForCausalLM")},
      {llama, configured(R"({"num_hidden_layers": 3})"),
       missing("model.layers.2.input_layernorm.weight")},
      {gpt2_gelu,
       [](contents& all) {
         all.add("transformer.wte.weight", {vocab, width});
       },
       extra("transformer.wte.weight", "GPT2LMHeadModel")},
      {llama, [](contents& all) { all.add("model.layers.x.self_attn.rotary_emb.inv_freq", {2}); },
       extra("model.layers.x.self_attn.rotary_emb.inv_freq", "LlamaForCausalLM")},
      // A config.json of another family, beside these tensors.
      {olmo, configured(R"({"architectures": ["LlamaForCausalLM"]})"),
       missing("model.layers.0.input_layernorm.weight")},
      {llama, configured(R"({"architectures": ["OlmoForCausalLM"]})"),
       extra("model.layers.0.input_layernorm.weight", "OlmoForCausalLM")},
      {neox_serial, configured(R"({"architectures": ["LlamaForCausalLM"], "hidden_act": "silu"})"),
       missing("model.embed_tokens.weight")},
  });
}

TEST_CASE("a tensor of another shape or element type is named", "[source]") {
  using enum form;
  auto const other = [](std::string const& name, std::string const& shape,
                        std::string const& expected) {
    return file + "tensor '" + name + "' has shape " + shape + ", expected " + expected +
           " by config.json";
  };
  auto const wrong_type = [](std::string const& name, std::string const& type) {
    return file + "tensor '" + name + "' has dtype " + type + ", expected F64, F32, F16 or BF16";
  };
  std::string const fused = "gpt_neox.layers.1.attention.query_key_value.";
  check({
      {llama, shaped(query, {width, 9}), other(query, "[8, 9]", "[8, 8]")},
      {llama, shaped(query, {64}), other(query, "[64]", "[8, 8]")},
      {llama, shaped(query, {width, width, 1}), other(query, "[8, 8, 1]", "[8, 8]")},
      {llama, shaped(query, {0, width}), other(query, "[0, 8]", "[8, 8]")},
      {llama, shaped("model.norm.weight", {}), other("model.norm.weight", "[]", "[8]")},
      {llama, shaped("model.norm.weight", {1, 8}), other("model.norm.weight", "[1, 8]", "[8]")},
      {llama, configured(R"({"vocab_size": 12})"),
       other("model.embed_tokens.weight", "[11, 8]", "[12, 8]")},
      {llama, configured(R"({"num_key_value_heads": null})"),
       other("model.layers.0.self_attn.k_proj.weight", "[4, 8]", "[8, 8]")},
      // Sizes whose product no memory holds, or no number: the tensor is named all the same.
      {llama, configured(R"({"hidden_size": 16777216, "num_hidden_layers": 10000})"),
       other("model.embed_tokens.weight", "[11, 8]", "[11, 16777216]")},
      {llama, configured(R"({"intermediate_size": 16777216, "num_attention_heads": 16384,
                      "head_dim": 16777216, "num_key_value_heads": 16384})"),
       other("model.layers.0.self_attn.q_proj.weight", "[8, 8]", "[274877906944, 8]")},
      {neox_parallel, shaped(fused + "weight", {width, 24}),
       other(fused + "weight", "[8, 24]", "[24, 8]")},
      {neox_parallel, shaped(fused + "bias", {width}), other(fused + "bias", "[8]", "[24]")},
      {gpt2_gelu, shaped("h.0.attn.c_attn.weight", {24, width}),
       other("h.0.attn.c_attn.weight", "[24, 8]", "[8, 24]")},
      {gpt2_gelu, shaped("h.0.mlp.c_fc.weight", {hidden, width}),
       other("h.0.mlp.c_fc.weight", "[12, 8]", "[8, 12]")},
      {gpt2_gelu, configured(R"({"n_inner": null})"),
       other("h.0.mlp.c_fc.weight", "[8, 12]", "[8, 32]")},
      {gpt2_gelu, shaped("wpe.weight", {positions, 9}), other("wpe.weight", "[16, 9]", "[16, 8]")},
      {gpt2_gelu, shaped("wpe.weight", {15, width}),
       file + "tensor 'wpe.weight' has 15 positions, too few for a context of 16"},
      {llama, typed(query, dtype::i64), wrong_type(query, "I64")},
      {olmo, typed(query, dtype::u8), wrong_type(query, "U8")},
      {gpt2_relu, typed("ln_f.bias", dtype::boolean), wrong_type("ln_f.bias", "BOOL")},
      {neox_serial, typed(fused + "bias", dtype::i32), wrong_type(fused + "bias", "I32")},
  });
}

TEST_CASE("a context beyond the learned positions is refused, below it is not", "[source]") {
  scratch::folder const here;
  valid(form::gpt2_relu).write(here / "model");
  CHECK(said(here / "model", positions + 1) ==
        file + "tensor 'wpe.weight' has 16 positions, too few for a context of 17");
  CHECK(said(here / "model", positions - 1).empty());
  CHECK(said(here / "model", 0) ==
        "sizes: layers, heads, widths, vocab and context must be positive");
}
