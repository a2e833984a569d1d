// SPDX-License-Identifier: MIT
// What families read from config.json alike: sizes, and what they write there.
#pragma once

#include "dormant/io/json_object.hpp"
#include "dormant/plan/sizes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dormant::detail {

/// A size of a model: positive, and not so large that products of two could overflow.
inline std::size_t checked_size(json_object const& config, json_object::names any,
                                std::size_t value, std::size_t most = std::size_t{1} << 24U) {
  if (value == 0 || value > most) {
    config.fail_at(any, {"is ", value, ", expected a size between 1 and ", most});
  }
  return value;
}
inline std::size_t read_size(json_object const& config, json_object::names any,
                             std::size_t most = std::size_t{1} << 24U) {
  return checked_size(config, any, config.count(any), most);
}
inline std::size_t read_size_or(json_object const& config, json_object::names any,
                                std::size_t otherwise) {
  return checked_size(config, any, config.maybe_count(any).value_or(otherwise));
}
/// A number of a model, not so small or large that float arithmetic with it could overflow.
inline double checked_between(json_object const& config, json_object::names any, double value,
                              double least = 1e-6, double most = 1e9) {
  if (value >= least && value <= most) return value;
  config.fail_at(any, {"is ", value, ", expected a number between ", least, " and ", most});
}
/// What is added to variances.
inline double read_epsilon(json_object const& config, json_object::names any, double otherwise) {
  return checked_between(config, any, config.maybe_number(any).value_or(otherwise), 0, 1);
}

/// Refuses a setting whose other values mean another model.
inline void expect_text(json_object const& config, json_object::names any, std::string_view only) {
  auto const found = config.maybe_text(any).value_or(std::string(only));
  if (found == only) return;
  config.fail_at(any, {"is ", io::in_quotes(found), ", expected ", io::in_quotes(only)});
}
inline void expect_flag(json_object const& config, json_object::names any, bool only) {
  if (config.flag(any, only) == only) return;
  config.fail_at(any, {"is ", only ? "false" : "true", ", which is not supported"});
}
inline void refuse_quantised(json_object const& config) {
  if (!config.has({"quantization_config"})) return;
  config.fail("quantization_config", {"is there: quantised weights (MXFP4 and others) are not "
                                      "read, only F64, F32, F16 and BF16"});
}

/// Sizes under the names of Llama's configuration, which OLMo and GPT-NeoX share.
inline sizes read_sizes(json_object const& config) {
  constexpr std::size_t most_heads = 1U << 14U;
  refuse_quantised(config);
  std::size_t const width = read_size(config, {"hidden_size"});
  std::size_t const heads = read_size(config, {"num_attention_heads"}, most_heads);
  std::size_t const kv_heads = read_size_or(config, {"num_key_value_heads"}, heads);
  if (heads % kv_heads != 0) {
    config.fail("num_key_value_heads", {"is ", kv_heads, ", which does not divide the ", heads,
                                        " of num_attention_heads"});
  }
  if (!config.has({"head_dim"}) && width % heads != 0) {
    config.fail("num_attention_heads",
                {"is ", heads, ", which does not divide the ", width, " of hidden_size"});
  }
  return sizes(shape{.layers = read_size(config, {"num_hidden_layers"}, 10'000),
                     .heads = heads,
                     .width = width,
                     .vocab = read_size(config, {"vocab_size"}),
                     .context = read_size(config, {"max_position_embeddings"}),
                     .kv_heads = kv_heads,
                     .head_size = read_size_or(config, {"head_dim"}, width / heads),
                     .mlp_width = read_size(config, {"intermediate_size"})});
}

/// The same sizes, and how rotary embedding turns, to be written.
inline settings written_sizes(sizes const& s, std::string_view type, std::string_view architecture,
                              std::string_view activation = "silu") {
  using stretch = rotary_options::stretch;
  settings all;
  all.add("architectures", std::vector<std::string>{std::string(architecture)});
  all.add("model_type", type);
  all.add("hidden_size", s.width);
  all.add("intermediate_size", s.hidden);
  all.add("num_hidden_layers", s.layers);
  all.add("num_attention_heads", s.heads);
  all.add("num_key_value_heads", s.kv_heads);
  all.add("head_dim", s.head_width);
  all.add("vocab_size", s.vocab);
  all.add("max_position_embeddings", s.context);
  all.add("hidden_act", activation);
  auto const& o = s.rotary;
  std::size_t const turned = o.dimensions == 0 ? s.head_width : o.dimensions;
  double const share = static_cast<double>(turned) / static_cast<double>(s.head_width);
  all.add("rope_theta", o.base);
  all.add("rotary_emb_base", o.base);
  all.add("rotary_pct", share);
  all.add("partial_rotary_factor", share);
  if (o.scaling == stretch::llama3) {
    settings scaling;
    scaling.add("rope_type", "llama3");
    scaling.add("factor", o.llama3.factor);
    scaling.add("low_freq_factor", o.llama3.low_freq_factor);
    scaling.add("high_freq_factor", o.llama3.high_freq_factor);
    scaling.add("original_max_position_embeddings", o.llama3.original_context);
    all.add("rope_scaling", scaling);
  } else if (o.scaling == stretch::yarn) {
    settings scaling;
    scaling.add("rope_type", "yarn");
    scaling.add("factor", o.yarn.factor);
    scaling.add("original_max_position_embeddings", o.yarn.original_context);
    scaling.add("beta_fast", o.yarn.beta_fast);
    scaling.add("beta_slow", o.yarn.beta_slow);
    if (o.yarn.attention_factor != 0) scaling.add("attention_factor", o.yarn.attention_factor);
    scaling.add("truncate", o.yarn.truncate);
    all.add("rope_scaling", scaling);
  }
  return all;
}

} // namespace dormant::detail
