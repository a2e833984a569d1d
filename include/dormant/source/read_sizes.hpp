// SPDX-License-Identifier: MIT
// What families read from config.json alike: sizes, and how rotary embedding turns.
#pragma once

#include "dormant/io/json_object.hpp"
#include "dormant/plan/sizes.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dormant::detail {

/// A size of a model: positive, and not so large that products of two could overflow.
inline std::size_t checked_size(json_object const& config, json_object::names any,
                                std::size_t value, std::size_t most = std::size_t{1} << 24U) {
  if (value == 0 || value > most) {
    config.fail(*any.begin(), {"is ", value, ", expected a size between 1 and ", most});
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

/// Refuses a setting whose other values mean another model.
inline void expect_text(json_object const& config, json_object::names any, std::string_view only) {
  auto const found = config.maybe_text(any).value_or(std::string(only));
  if (found == only) return;
  config.fail(*any.begin(), {"is ", io::in_quotes(found), ", expected ", io::in_quotes(only)});
}
inline void expect_flag(json_object const& config, json_object::names any, bool only) {
  if (config.flag(any, only) == only) return;
  config.fail(*any.begin(), {"is ", only ? "false" : "true", ", which is not supported"});
}

/// Sizes under the names of Llama's configuration, which OLMo and GPT-NeoX share.
inline sizes read_sizes(json_object const& config) {
  constexpr std::size_t most_heads = 1U << 14U;
  if (config.has({"quantization_config"})) {
    config.fail("quantization_config", {"is there: quantised weights (MXFP4 and others) are not "
                                        "read, only F64, F32, F16 and BF16"});
  }
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

/// \param s heads and positions, which rotary embedding goes by
/// \throws error for a rule of stretching that is unknown, or that lacks a number
inline rotary_options read_rotary(json_object const& config, sizes const& s,
                                  double share_that_turns = 1) {
  using stretch = rotary_options::stretch;
  rotary_options o;
  // Since 2025 all of it stands in one object; before, beside it.
  auto const together = config.maybe_object({"rope_parameters"});
  auto const& outer = together ? *together : config;
  o.base = outer.maybe_number({"rope_theta", "rotary_emb_base"}).value_or(10000);
  if (!(o.base > 0)) outer.fail("rope_theta", {"is ", o.base, ", expected a positive number"});
  double const share = outer.maybe_number({"partial_rotary_factor"})
                           .value_or(config.maybe_number({"partial_rotary_factor", "rotary_pct"})
                                         .value_or(share_that_turns));
  o.dimensions = static_cast<std::size_t>(share * static_cast<double>(s.head_width));
  if (!(share > 0) || share > 1 || o.dimensions % 2 != 0 || o.dimensions == 0) {
    config.fail("rotary_pct", {"is ", share, ", so of ", s.head_width, " dimensions of a head ",
                               o.dimensions, " would turn, expected an even number of them"});
  }
  auto const scaling = together ? together : config.maybe_object({"rope_scaling"});
  if (!scaling) return o;
  auto const type = scaling->maybe_text({"rope_type", "type"}).value_or("default");
  auto const original = [&] {
    return scaling->maybe_number({"original_max_position_embeddings"})
        .value_or(static_cast<double>(s.context));
  };
  if (type == "llama3") {
    o.scaling = stretch::llama3;
    o.llama3 = {.factor = scaling->number({"factor"}),
                .low_freq_factor = scaling->number({"low_freq_factor"}),
                .high_freq_factor = scaling->number({"high_freq_factor"}),
                .original_context = scaling->number({"original_max_position_embeddings"})};
  } else if (type == "yarn") {
    o.scaling = stretch::yarn;
    o.yarn = {.factor = scaling->number({"factor"}),
              .original_context = original(),
              .beta_fast = scaling->maybe_number({"beta_fast"}).value_or(32),
              .beta_slow = scaling->maybe_number({"beta_slow"}).value_or(1),
              .attention_factor = scaling->maybe_number({"attention_factor"}).value_or(0),
              .truncate = scaling->flag({"truncate"}, true)};
    if (scaling->has({"mscale"}) || scaling->has({"mscale_all_dim"})) {
      scaling->fail("mscale", {"is there, which is not supported"});
    }
  } else if (type != "default") {
    scaling->fail("rope_type",
                  {"is ", io::in_quotes(type), ", expected 'default', 'llama3' or 'yarn'"});
  }
  double const factor = type == "llama3" ? o.llama3.factor : type == "yarn" ? o.yarn.factor : 1;
  if (!(factor > 0)) scaling->fail("factor", {"is ", factor, ", expected a positive number"});
  return o;
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
