// SPDX-License-Identifier: MIT
// Writes what the library computes with the parts that others are built on, and with those of
// parts/, in every wiring and under one head, four, and four that share two of keys and values, for
// check_against_torch.py to compare with PyTorch.
//   dump_parts FOLDER
#include "part_cases.hpp"

namespace {

using namespace part_cases;

json rotary_words(json const& changes = json::object()) {
  json r = {{"kind", "rotary"},
            {"base", 10000},
            {"dimensions", 0},
            {"interleaved", false},
            {"scaling", "none"}};
  r.update(changes);
  return {{"heads", one_step(r)}};
}
sizes interleaved(sizes s) {
  s.rotary = {.base = 20, .dimensions = 4, .interleaved = true};
  return s;
}
sizes llama3(sizes s) {
  s.rotary = {.base = 20, .scaling = rotary_options::stretch::llama3};
  s.rotary.llama3 = {
      .factor = 3, .low_freq_factor = 1, .high_freq_factor = 2, .original_context = 16};
  return s;
}
sizes yarn(sizes s) {
  s.rotary = {.base = 20, .scaling = rotary_options::stretch::yarn};
  s.rotary.yarn = {.factor = 3, .original_context = 64, .beta_fast = 4};
  return s;
}

void all_norms(part_writer const& to) {
  to.norm<layer_norm>("layer_norm");
  to.norm<plain_layer_norm>("plain_layer_norm");
  to.norm<basic_layer_norm<true, false>>("gained_layer_norm");
  to.norm<rms_norm>("rms_norm");
  to.norm<plain_rms_norm>("plain_rms_norm");
  to.norm<no_norm>("none", 0.3);
}
void all_mlps(part_writer const& to) {
  to.mlp_part<mlp<relu_unit>>("mlp_relu", mlp_words("plain", "relu", false));
  to.mlp_part<mlp<relu_unit, biased>>("mlp_relu_biased", mlp_words("plain", "relu", true));
  to.mlp_part<mlp<gelu_tanh, biased>>("mlp_gelu_tanh", mlp_words("plain", "gelu_new", true));
  to.mlp_part<mlp<silu>>("mlp_silu", mlp_words("plain", "silu", false));
  to.mlp_part<gated_mlp<>>("gated_silu", mlp_words("gated", "silu", false));
  to.mlp_part<gated_mlp<gelu, biased>>("gated_gelu", mlp_words("gated", "gelu", true));
  to.mlp_part<linear_mlp>("linear_mlp", mlp_words("linear", "", false));
}
void all_attentions(part_writer const& to) {
  // With positions: softmax does not see a bias that all keys share, so
  // its gradient is rounding error.
  auto with_biases = rotary_words();
  with_biases["biases"] = "all";
  to.attention_part<attention<softmax, biases, rotary<>>>("biases", with_biases);
  with_biases["biases"] = "inputs";
  to.attention_part<attention<softmax, input_biases, rotary<>>>("input_biases", with_biases);
  to.attention_part<attention<softmax, rotary<>>>("rotary", rotary_words());
  to.attention_part<attention<softmax, rotary<>>>(
      "rotary_interleaved", rotary_words({{"base", 20}, {"dimensions", 4}, {"interleaved", true}}),
      interleaved);
  to.attention_part<attention<softmax, rotary<>>>("rotary_llama3",
                                                  rotary_words({{"base", 20},
                                                                {"scaling", "llama3"},
                                                                {"factor", 3},
                                                                {"low_freq_factor", 1},
                                                                {"high_freq_factor", 2},
                                                                {"original_context", 16}}),
                                                  llama3);
  to.attention_part<attention<softmax, rotary<>>>("rotary_yarn",
                                                  rotary_words({{"base", 20},
                                                                {"scaling", "yarn"},
                                                                {"factor", 3},
                                                                {"beta_fast", 4},
                                                                {"beta_slow", 1},
                                                                {"original_context", 64}}),
                                                  yarn);
  to.attention_part<attention<softmax, clip_qkv<>>>(
      "clip", {{"heads", one_step({{"kind", "clip"}, {"at", 1.5}})}});
  to.attention_part<attention<softmax, qk_norm, rotary<>>>(
      "qk_norm", {{"heads", json::array({json{{"kind", "qk_norm"}}, rotary_words()["heads"][0]})}});
  to.attention_part<attention<softmax, whole_qk_norm>>(
      "whole_qk_norm", {{"heads", one_step({{"kind", "whole_qk_norm"}})}});
  to.attention_part<attention<softmax, temperature<>, soft_cap<>>>(
      "temperature_soft_cap",
      {{"scores", json::array({json{{"kind", "temperature"}, {"value", 0.7}},
                               json{{"kind", "soft_cap"}, {"at", 1.5}}})}});
  to.attention_part<attention<softmax, extra_key>>("extra_key", {{"extra_key", "key"}});
  to.attention_part<attention<softmax, extra_key_value, soft_cap<>>>(
      "extra_key_value",
      {{"extra_key", "key_value"}, {"scores", one_step({{"kind", "soft_cap"}, {"at", 1.5}})}});
  to.attention_part<attention<softmax, window<>>>("window", {{"window", 4}});
  to.attention_part<attention<softmax, no_mask>>("no_mask", {{"mask", "none"}});
}

} // namespace

int main(int argc, char** argv) {
  return cases::write_into(argc, argv, 3, 1e-3, [](cases::writer const& into) {
    part_writer const to{into};
    all_norms(to);
    all_mlps(to);
    all_attentions(to);
    for (auto const& part : cases_of::all()) part(to);
    to.model<testing::every_wiring<rms_norm, attention<softmax, rotary<>>, gated_mlp<>>,
             no_positions, last_norm<rms_norm>>(
        "llama", {{"layers", layers("rms_norm", attention_words(rotary_words()),
                                    mlp_words("gated", "silu", false))},
                  {"positions", "none"},
                  {"last_norm", "rms_norm"}});
  });
}
