// SPDX-License-Identifier: MIT
// Every family's folder loads, in every element type, with the numbers that were written.
#include "dormant/source/load.hpp"

#include "catch.hpp"
#include "source/written_folder.hpp"

#include <cstring>
#include <functional>
#include <string>
#include <vector>

using namespace dormant;

namespace {

using namespace written_folder;

/// One of our tensors, and where its element [r, c] is in a stored one, counted by hand.
struct known {
  std::string ours, theirs;
  std::function<std::size_t(std::size_t r, std::size_t c)> element;
};

std::size_t as_it_is(std::size_t r, std::size_t c) { return r * width + c; }

std::vector<known> known_of(form of) {
  if (of == form::gpt2_gelu || of == form::gpt2_relu) {
    // Columns of c_attn: 8 of q, 8 of k, 8 of v.
    return {
        {"tok_embeddings.weight", "wte.weight", as_it_is},
        {"pos_embeddings.weight", "wpe.weight", as_it_is},
        {"output.weight", "wte.weight", as_it_is},
        {"layers.1.attention.wq.weight", "h.1.attn.c_attn.weight",
         [](auto r, auto c) { return 24 * c + r; }},
        {"layers.1.attention.wk.weight", "h.1.attn.c_attn.weight",
         [](auto r, auto c) { return 24 * c + 8 + r; }},
        {"layers.0.attention.wv.weight", "h.0.attn.c_attn.weight",
         [](auto r, auto c) { return 24 * c + 16 + r; }},
        {"layers.1.attention.wk.bias", "h.1.attn.c_attn.bias", [](auto, auto c) { return 8 + c; }},
        {"layers.0.ff.w1.weight", "h.0.mlp.c_fc.weight", [](auto r, auto c) { return 12 * c + r; }},
        {"layers.0.ff.w2.weight", "h.0.mlp.c_proj.weight",
         [](auto r, auto c) { return 8 * c + r; }},
        {"layers.1.ff_norm.bias", "h.1.ln_2.bias", as_it_is}};
  }
  if (of == form::neox_serial || of == form::neox_parallel) {
    // Rows of query_key_value: 4 of q, 4 of k, 4 of v of head 0; then those of head 1.
    std::string const in = "gpt_neox.layers.1.attention.query_key_value.";
    return {
        {"tok_embeddings.weight", "gpt_neox.embed_in.weight", as_it_is},
        {"output.weight", "embed_out.weight", as_it_is},
        {"layers.1.attention.wq.weight", in + "weight",
         [](auto r, auto c) { return 8 * (r < 4 ? r : r + 8) + c; }},
        {"layers.1.attention.wk.weight", in + "weight",
         [](auto r, auto c) { return 8 * (r < 4 ? r + 4 : r + 12) + c; }},
        {"layers.1.attention.wv.weight", in + "weight",
         [](auto r, auto c) { return 8 * (r < 4 ? r + 8 : r + 16) + c; }},
        {"layers.1.attention.wv.bias", in + "bias",
         [](auto, auto c) { return c < 4 ? c + 8 : c + 16; }},
        {"layers.0.ff_norm.weight", "gpt_neox.layers.0.post_attention_layernorm.weight", as_it_is}};
  }
  std::vector<known> out{
      {"tok_embeddings.weight", "model.embed_tokens.weight", as_it_is},
      {"layers.1.attention.wk.weight", "model.layers.1.self_attn.k_proj.weight", as_it_is},
      {"layers.0.ff.w2.weight", "model.layers.0.mlp.down_proj.weight",
       [](auto r, auto c) { return 12 * r + c; }},
      {"layers.0.ff.w3.weight", "model.layers.0.mlp.up_proj.weight", as_it_is},
      {"output.weight", "lm_head.weight", as_it_is}};
  if (of == form::llama) {
    out.push_back(
        {"layers.1.ff_norm.weight", "model.layers.1.post_attention_layernorm.weight", as_it_is});
  }
  if (of == form::olmo2) {
    out.push_back(
        {"layers.1.attention.k_norm.weight", "model.layers.1.self_attn.k_norm.weight", as_it_is});
    out.push_back({"layers.0.attention_post_norm.weight",
                   "model.layers.0.post_attention_layernorm.weight", as_it_is});
  }
  return out;
}

template <class T>
void loads(fs::path const& path, form of, contents all) {
  with_family(model_folder::open(path), [&](auto const& family) {
    auto const folder = model_folder::open(path);
    auto const net = load<T>(family, folder, positions);
    for (auto const& [ours, theirs, element] : known_of(of)) {
      auto const& values = all.at(theirs).values;
      auto const found = net.parameter(ours);
      std::size_t wrong = 0;
      for (std::size_t r = 0; r < found.shape(0); ++r) {
        for (std::size_t c = 0; c < found.shape(1); ++c) {
          auto const known = static_cast<T>(values.at(element(r, c)));
          if (std::memcmp(&known, &found(r, c), sizeof known) != 0) ++wrong;
        }
      }
      INFO(ours);
      CHECK(wrong == 0);
    }
  });
}

} // namespace

TEST_CASE("folders of every family load with what was written, in every element type", "[source]") {
  scratch::folder const here;
  std::size_t number = 0;
  for (auto const of : forms) {
    for (auto const type : {dtype::f64, dtype::f32, dtype::f16, dtype::bf16}) {
      auto all = valid(of);
      for (auto& t : all.tensors) t.type = type;
      CAPTURE(all.config["architectures"][0].get<std::string>(), names_of(type).safetensors);
      auto const folder = here / std::to_string(number++);
      type == dtype::f16 ? all.write_shards(folder, 3) : all.write(folder);
      loads<float>(folder, of, all);
      loads<double>(folder, of, all);
      CHECK(said(folder).empty());
    }
  }
}

TEST_CASE("names of GPT-2 with a prefix, and buffers of old files, make no difference",
          "[source]") {
  scratch::folder const here;
  std::size_t number = 0;
  std::string const buffers[] = {"model.layers.0.self_attn.rotary_emb.inv_freq",
                                 "gpt_neox.layers.0.attention.bias",
                                 "gpt_neox.layers.1.attention.masked_bias", "h.0.attn.bias"};
  for (auto const of : forms) {
    auto all = valid(of);
    bool const is_gpt2 = of == form::gpt2_gelu || of == form::gpt2_relu;
    bool const is_neox = of == form::neox_serial || of == form::neox_parallel;
    auto more = all;
    for (auto const& name : buffers) {
      bool const is_ours = name[0] == (is_gpt2 ? 'h' : is_neox ? 'g' : 'm');
      if (is_ours) more.add(name, {1, 1, 3, 3});
      if (is_ours) more.tensors.back().type = dtype::boolean;
    }
    CHECK(more.tensors.size() > all.tensors.size());
    if (is_gpt2) {
      for (auto& t : more.tensors) t.name = "transformer." + t.name;
    }
    auto const folder = here / std::to_string(number++);
    more.write(folder);
    loads<float>(folder, of, all);
    CHECK(said(folder).empty());
  }
}

TEST_CASE("every spelling of how rotary embedding turns is read", "[source]") {
  auto const read = [](char const* change) {
    auto config = valid(form::llama).config;
    config.merge_patch(json::parse(change));
    return llama::read(json_object::parse(config.dump(), "config.json")).s.rotary;
  };
  for (auto const* change :
       {R"({"rope_theta": 777, "partial_rotary_factor": 0.5})",
        R"({"rotary_emb_base": 777, "rotary_pct": 0.5})",
        R"({"rope_theta": 777, "partial_rotary_factor": 0.5, "rope_scaling": {"type": "default"}})",
        R"({"rope_theta": 777, "rope_parameters": {"partial_rotary_factor": 0.5}})",
        R"({"rope_parameters": {"rope_theta": 777, "partial_rotary_factor": 0.5}})",
        R"({"rope_parameters": {"rope_theta": 777}, "partial_rotary_factor": 0.5})"}) {
    INFO(change);
    CHECK(read(change).base == 777);
    CHECK(read(change).dimensions == 2);
  }
  auto const yarn = read(R"({"rope_scaling": {"type": "yarn", "factor": 3}})");
  CHECK(yarn.scaling == rotary_options::stretch::yarn);
  CHECK(yarn.yarn.factor == 3);
  CHECK(yarn.yarn.original_context == 16); // max_position_embeddings
  CHECK(read("{}").base == 10000);
  CHECK(read("{}").dimensions == 4);
}
