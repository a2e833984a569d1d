// SPDX-License-Identifier: MIT
// Writes a folder of random weights with the shapes of Llama 2 7B, cut to a few layers:
//   make_folder FOLDER [LAYERS]        4 layers take 2.1 GB in bf16
#include <dormant/io/safetensors.hpp>
#include <dormant/random.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

constexpr std::size_t width = 4096, hidden = 11008, vocab = 32000, heads = 32;

/// Numbers in bf16, as large as a matrix of `width` columns may have them.
std::vector<std::uint16_t> random_weights(std::size_t n) {
  std::vector<std::uint16_t> out(n);
  dm::random_stream draw(1, dm::stream::parameters, 0, 0);
  for (auto& x : out) {
    auto const value = static_cast<float>(0.02 * draw.normal());
    x = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16U);
  }
  return out;
}

void make(std::filesystem::path const& folder, std::size_t layers) {
  std::filesystem::create_directories(folder);
  // Tensors share their bytes: what is measured is the way through them.
  auto const numbers = random_weights(vocab * width);
  std::vector<std::uint16_t> const ones(width, 0x3F80);
  std::vector<dm::tensor_ref> tensors;
  auto const add = [&](std::string const& name, std::vector<std::size_t> shape) {
    bool const is_norm = shape.size() == 1;
    std::size_t const n = is_norm ? shape[0] : shape[0] * shape[1];
    auto const bytes = std::as_bytes(std::span(is_norm ? ones : numbers));
    tensors.push_back({name, dm::dtype::bf16, std::move(shape), bytes.first(2 * n)});
  };
  add("model.embed_tokens.weight", {vocab, width});
  for (std::size_t l = 0; l < layers; ++l) {
    auto const layer = "model.layers." + std::to_string(l) + ".";
    for (auto const* const name : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
      add(layer + "self_attn." + name + ".weight", {width, width});
    }
    add(layer + "mlp.gate_proj.weight", {hidden, width});
    add(layer + "mlp.up_proj.weight", {hidden, width});
    add(layer + "mlp.down_proj.weight", {width, hidden});
    add(layer + "input_layernorm.weight", {width});
    add(layer + "post_attention_layernorm.weight", {width});
  }
  add("model.norm.weight", {width});
  add("lm_head.weight", {vocab, width});
  dm::write_safetensors(folder / "model.safetensors", tensors);

  dm::atomic_file config(folder / "config.json");
  config.write(dm::sentence({R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",)",
                             R"( "hidden_size": )", width, R"(, "intermediate_size": )", hidden,
                             R"(, "num_hidden_layers": )", layers, R"(, "num_attention_heads": )",
                             heads, R"(, "vocab_size": )", vocab,
                             R"(, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,)",
                             R"( "hidden_act": "silu", "torch_dtype": "bfloat16"})", "\n"}));
  config.commit();
}

} // namespace

int main(int count, char** arguments) try {
  if (count < 2) {
    std::fputs("usage: make_folder FOLDER [LAYERS]\n", stderr);
    return 2;
  }
  make(arguments[1], count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 4);
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
