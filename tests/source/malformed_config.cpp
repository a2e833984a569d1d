// SPDX-License-Identifier: MIT
// What is wrong with a config.json is said in one sentence, which names file and field.
#include "catch.hpp"
#include "source/written_folder.hpp"

using namespace written_folder;

namespace {

/// A change to the config.json of a family, null for a field that is taken away, and what is said
/// of it after the name of the file.
struct row {
  form of;
  char const* change;
  char const* sentence;
};

using enum form;

row const missing_or_wrong[] = {
    // What has to be there.
    {llama, R"({"hidden_size": null})", "field 'hidden_size' is missing"},
    {llama, R"({"num_attention_heads": null})", "field 'num_attention_heads' is missing"},
    {llama, R"({"num_hidden_layers": null})", "field 'num_hidden_layers' is missing"},
    {olmo, R"({"intermediate_size": null})", "field 'intermediate_size' is missing"},
    {olmo2, R"({"vocab_size": null})", "field 'vocab_size' is missing"},
    {neox_serial, R"({"max_position_embeddings": null})",
     "field 'max_position_embeddings' is missing"},
    {gpt2_gelu, R"({"n_embd": null})", "field 'n_embd' is missing"},
    {gpt2_gelu, R"({"n_head": null})", "field 'n_head' is missing"},
    {gpt2_relu, R"({"n_layer": null})", "field 'n_layer' is missing"},
    {gpt2_relu, R"({"n_positions": null})", "field 'n_positions' is missing"},
    {gpt2_relu, R"({"vocab_size": null})", "field 'vocab_size' is missing"},
    // Of another kind.
    {llama, R"({"hidden_size": "8"})",
     "field 'hidden_size' is '\"8\"', expected a whole number that is not negative"},
    {llama, R"({"hidden_size": 8.0})",
     "field 'hidden_size' is '8.0', expected a whole number that is not negative"},
    {llama, R"({"vocab_size": -11})",
     "field 'vocab_size' is '-11', expected a whole number that is not negative"},
    {neox_parallel, R"({"num_hidden_layers": [2]})",
     "field 'num_hidden_layers' is '[2]', expected a whole number that is not negative"},
    {gpt2_gelu, R"({"n_head": true})",
     "field 'n_head' is 'true', expected a whole number that is not negative"},
    {gpt2_gelu, R"({"n_inner": {}})",
     "field 'n_inner' is '{}', expected a whole number that is not negative"},
    {llama, R"({"rms_norm_eps": "1e-5"})", "field 'rms_norm_eps' is '\"1e-5\"', expected a number"},
    {llama, R"({"rope_theta": false})", "field 'rope_theta' is 'false', expected a number"},
    {llama, R"({"attention_bias": 0})", "field 'attention_bias' is '0', expected true or false"},
    {llama, R"({"mlp_bias": "no"})", "field 'mlp_bias' is '\"no\"', expected true or false"},
    {neox_serial, R"({"use_parallel_residual": 1})",
     "field 'use_parallel_residual' is '1', expected true or false"},
    {llama, R"({"hidden_act": 1})", "field 'hidden_act' is '1', expected a text"},
    {llama, R"({"rope_scaling": "linear"})",
     "field 'rope_scaling' is '\"linear\"', expected an object"},
    {llama, R"({"architectures": "LlamaForCausalLM"})",
     "field 'architectures' is '\"LlamaForCausalLM\"', expected a list of texts"},
    {llama, R"({"architectures": [1]})",
     "field 'architectures' is '[1]', expected a list of texts"},
    // Sizes that no model has.
    {llama, R"({"hidden_size": 0})",
     "field 'hidden_size' is 0, expected a size between 1 and 16777216"},
    {llama, R"({"num_key_value_heads": 0})",
     "field 'num_key_value_heads' is 0, expected a size between 1 and 16777216"},
    {llama, R"({"head_dim": 0})", "field 'head_dim' is 0, expected a size between 1 and 16777216"},
    {llama, R"({"num_attention_heads": 16385})",
     "field 'num_attention_heads' is 16385, expected a size between 1 and 16384"},
    {olmo, R"({"num_hidden_layers": 18446744073709551615})",
     "field 'num_hidden_layers' is 18446744073709551615, expected a size between 1 and 10000"},
    {olmo2, R"({"vocab_size": 18446744073709551616})",
     "field 'vocab_size' is '1.8446744073709552e+19', expected a whole number that is not "
     "negative"},
    {gpt2_gelu, R"({"n_embd": 4194305})",
     "field 'n_embd' is 4194305, expected a size between 1 and 4194304"},
    {gpt2_gelu, R"({"n_positions": null, "n_ctx": 0})",
     "field 'n_ctx' is 0, expected a size between 1 and 16777216"},
    {gpt2_relu, R"({"n_inner": 0})",
     "field 'n_inner' is 0, expected a size between 1 and 16777216"},
    // Heads.
    {llama, R"({"num_attention_heads": 3, "num_key_value_heads": null})",
     "field 'num_attention_heads' is 3, which does not divide the 8 of hidden_size"},
    {llama, R"({"num_attention_heads": 4, "num_key_value_heads": 3})",
     "field 'num_key_value_heads' is 3, which does not divide the 4 of num_attention_heads"},
    {llama, R"({"num_key_value_heads": 4})",
     "field 'num_key_value_heads' is 4, which does not divide the 2 of num_attention_heads"},
    {gpt2_gelu, R"({"n_head": 5})", "field 'n_head' is 5, which does not divide the 8 of n_embd"},
    {neox_parallel, R"({"num_key_value_heads": 1})",
     "field 'num_key_value_heads' is 1, in this family always 2"},
    {neox_parallel, R"({"head_dim": 8})", "field 'head_dim' is 8, in this family always 4"},
};

row const of_another_model[] = {
    {llama, R"({"architectures": null})",
     "field 'architectures' names 0 architectures, expected one"},
    {llama, R"({"architectures": ["LlamaForCausalLM", "OlmoForCausalLM"]})",
     "field 'architectures' names 2 architectures, expected one"},
    {llama, R"({"architectures": ["GptOssForCausalLM"]})",
     "field 'architectures' is 'GptOssForCausalLM', expected one of LlamaForCausalLM, "
     "OlmoForCausalLM, Olmo2ForCausalLM, GPTNeoXForCausalLM, GPT2LMHeadModel"},
    {llama, R"({"hidden_act": "gelu"})", "field 'hidden_act' is 'gelu', expected 'silu'"},
    {olmo2, R"({"hidden_act": "relu"})", "field 'hidden_act' is 'relu', expected 'silu'"},
    {neox_serial, R"({"hidden_act": "gelu_new"})",
     "field 'hidden_act' is 'gelu_new', expected 'gelu'"},
    {gpt2_gelu, R"({"activation_function": "swish"})",
     "field 'activation_function' is 'swish', expected 'gelu_new'"},
    {gpt2_gelu, R"({"scale_attn_weights": false})",
     "field 'scale_attn_weights' is false, which is not supported"},
    {gpt2_gelu, R"({"scale_attn_by_inverse_layer_idx": true})",
     "field 'scale_attn_by_inverse_layer_idx' is true, which is not supported"},
    {gpt2_gelu, R"({"add_cross_attention": true})",
     "field 'add_cross_attention' is true, which is not supported"},
    {llama, R"({"quantization_config": {"quant_method": "mxfp4"}})",
     "field 'quantization_config' is there: quantised weights (MXFP4 and others) are not read, "
     "only F64, F32, F16 and BF16"},
    {gpt2_relu, R"({"quantization_config": {}})",
     "field 'quantization_config' is there: quantised weights (MXFP4 and others) are not read, "
     "only F64, F32, F16 and BF16"},
    // Numbers.
    {llama, R"({"rms_norm_eps": -1e-5})",
     "field 'rms_norm_eps' is -1e-05, expected a number between 0 and 1"},
    {olmo2, R"({"rms_norm_eps": 2})",
     "field 'rms_norm_eps' is 2, expected a number between 0 and 1"},
    {neox_serial, R"({"layer_norm_eps": -1})",
     "field 'layer_norm_eps' is -1, expected a number between 0 and 1"},
    {gpt2_gelu, R"({"layer_norm_epsilon": 1e300})",
     "field 'layer_norm_epsilon' is 1e+300, expected a number between 0 and 1"},
    {olmo, R"({"clip_qkv": 0})",
     "field 'clip_qkv' is 0, expected a number between 1e-06 and 1e+09"},
    {olmo, R"({"clip_qkv": -8})",
     "field 'clip_qkv' is -8, expected a number between 1e-06 and 1e+09"},
};

row const rotary[] = {
    {llama, R"({"rope_theta": 0})", "field 'rope_theta' is 0, expected a number above 1"},
    {neox_serial, R"({"rotary_emb_base": -1})",
     "field 'rotary_emb_base' is -1, expected a number above 1"},
    {llama, R"({"rope_parameters": {"rope_theta": -2.5}})",
     "field 'rope_parameters.rope_theta' is -2.5, expected a number above 1"},
    {llama, R"({"rope_parameters": {"rope_type": "default"}, "rope_scaling": {"type": "yarn"}})",
     "field 'rope_scaling' is there beside rope_parameters"},
    {llama, R"({"head_dim": 5})",
     "field 'head_dim' (or hidden_size / num_attention_heads) is 5, but rotary embedding turns "
     "pairs of dimensions"},
    {neox_serial, R"({"rotary_pct": 0.25})",
     "field 'rotary_pct' is 0.25, so of 4 dimensions of a head 1 would turn, expected an even "
     "number of them"},
    {neox_serial, R"({"rotary_pct": 0.1})",
     "field 'rotary_pct' is 0.1, so of 4 dimensions of a head 0 would turn, expected an even "
     "number of them"},
    {neox_serial, R"({"rotary_pct": 1e300})",
     "field 'rotary_pct' is 1e+300, expected a number above 0, at most 1"},
    {neox_serial, R"({"rotary_pct": -0.5})",
     "field 'rotary_pct' is -0.5, expected a number above 0, at most 1"},
    {llama, R"({"rope_parameters": {"partial_rotary_factor": 0}})",
     "field 'rope_parameters.partial_rotary_factor' is 0, expected a number above 0, at most 1"},
    {llama, R"({"rope_scaling": {"type": "linear", "factor": 2}})",
     "field 'rope_scaling.type' is 'linear', expected 'default', 'llama3' or 'yarn'"},
    {llama, R"({"rope_parameters": {"rope_type": "longrope"}})",
     "field 'rope_parameters.rope_type' is 'longrope', expected 'default', 'llama3' or 'yarn'"},
    {llama, R"({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1,
                                 "high_freq_factor": 4}})",
     "field 'rope_scaling.original_max_position_embeddings' is missing"},
    {llama, R"({"rope_scaling": {"rope_type": "llama3", "factor": 0}})",
     "field 'rope_scaling.factor' is 0, expected a number between 1 and 1e+09"},
    {llama, R"({"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4,
                                 "high_freq_factor": 4, "original_max_position_embeddings": 8}})",
     "field 'rope_scaling.high_freq_factor' is 4, expected more than the 4 of low_freq_factor"},
    {llama, R"({"rope_scaling": {"rope_type": "yarn"}})", "field 'rope_scaling.factor' is missing"},
    {llama, R"({"rope_scaling": {"rope_type": "yarn", "factor": 2, "beta_fast": 1}})",
     "field 'rope_scaling.beta_fast' is 1, expected more than the 1 of beta_slow"},
    {llama, R"({"rope_scaling": {"rope_type": "yarn", "factor": 2, "attention_factor": -1}})",
     "field 'rope_scaling.attention_factor' is -1, expected a number between 1e-06 and 1e+09"},
    {llama, R"({"rope_scaling": {"rope_type": "yarn", "factor": 2, "mscale_all_dim": 1}})",
     "field 'rope_scaling.mscale_all_dim' is there, which is not supported"},
    {llama, R"({"rope_scaling": {"rope_type": "yarn", "factor": 2, "beta_slow": 1e-300}})",
     "field 'rope_scaling.beta_slow' is 1e-300, expected a number between 1e-06 and 1e+09"},
};

template <std::size_t N>
void check(row const (&rows)[N]) {
  scratch::folder const here;
  for (auto const& [of, change, sentence] : rows) {
    INFO(change);
    auto all = valid(of);
    all.config.merge_patch(json::parse(change));
    all.write(here / "model");
    CHECK(said(here / "model") == std::string("'HERE/config.json': ") + sentence);
  }
}

} // namespace

TEST_CASE("a field of config.json that is missing or wrong is named", "[source]") {
  check(missing_or_wrong);
}
TEST_CASE("a config.json of a model that is not read says which field makes it one", "[source]") {
  check(of_another_model);
}
TEST_CASE("rotary embedding that makes no sense is named by its field", "[source]") {
  check(rotary);
}
