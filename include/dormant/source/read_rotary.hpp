// SPDX-License-Identifier: MIT
// How rotary embedding turns, as config.json says it in one of several spellings.
#pragma once

#include "dormant/io/json_object.hpp"
#include "dormant/plan/sizes.hpp"
#include "dormant/source/read_sizes.hpp"

#include <cstddef>

namespace dormant::detail {

/// How many dimensions of a head turn: `otherwise` is the share where none is said.
inline std::size_t read_turned(json_object const& config, json_object const& outer,
                               std::size_t head_width, double otherwise) {
  bool const is_old = !outer.has({"partial_rotary_factor"});
  auto const& where = is_old ? config : outer;
  auto const said = where.maybe_number({"partial_rotary_factor", "rotary_pct"});
  double const share = said.value_or(otherwise);
  if (!(share > 0 && share <= 1)) {
    where.fail_at({"partial_rotary_factor", "rotary_pct"},
                  {"is ", share, ", expected a number above 0, at most 1"});
  }
  auto const turned = static_cast<std::size_t>(share * static_cast<double>(head_width));
  if (turned % 2 == 0 && turned != 0) return turned;
  if (!said && share == 1) {
    config.fail("head_dim", {"(or hidden_size / num_attention_heads) is ", head_width,
                             ", but rotary embedding turns pairs of dimensions"});
  }
  where.fail_at({"partial_rotary_factor", "rotary_pct"},
                {"is ", share, ", so of ", head_width, " dimensions of a head ", turned,
                 " would turn, expected an even number of them"});
}

/// How frequencies are stretched. \param context positions that the model was made for
inline void read_stretch(json_object const& scaling, double context, rotary_options& o) {
  using stretch = rotary_options::stretch;
  auto const otherwise = [&](char const* name, double value, double least = 1e-6) {
    return checked_between(scaling, {name}, scaling.maybe_number({name}).value_or(value), least);
  };
  auto const needed = [&](char const* name, double least = 1e-6) {
    return otherwise(name, scaling.number({name}), least);
  };
  auto const check_order = [&](char const* greater, double value, char const* less, double least) {
    if (value > least) return;
    scaling.fail(greater, {"is ", value, ", expected more than the ", least, " of ", less});
  };
  auto const type = scaling.maybe_text({"rope_type", "type"}).value_or("default");
  if (type == "llama3") {
    o.scaling = stretch::llama3;
    o.llama3 = {.factor = needed("factor", 1),
                .low_freq_factor = needed("low_freq_factor"),
                .high_freq_factor = needed("high_freq_factor"),
                .original_context = needed("original_max_position_embeddings")};
    check_order("high_freq_factor", o.llama3.high_freq_factor, "low_freq_factor",
                o.llama3.low_freq_factor);
  } else if (type == "yarn") {
    o.scaling = stretch::yarn;
    o.yarn = {.factor = needed("factor", 1),
              .original_context = otherwise("original_max_position_embeddings", context),
              .beta_fast = otherwise("beta_fast", 32),
              .beta_slow = otherwise("beta_slow", 1),
              .attention_factor = 0,
              .truncate = scaling.flag({"truncate"}, true)};
    check_order("beta_fast", o.yarn.beta_fast, "beta_slow", o.yarn.beta_slow);
    if (scaling.has({"attention_factor"})) o.yarn.attention_factor = needed("attention_factor");
    for (auto const* const name : {"mscale", "mscale_all_dim"}) {
      if (scaling.has({name})) scaling.fail(name, {"is there, which is not supported"});
    }
  } else if (type != "default") {
    scaling.fail_at({"rope_type", "type"},
                    {"is ", io::in_quotes(type), ", expected 'default', 'llama3' or 'yarn'"});
  }
}

/// \param s heads and positions, which rotary embedding goes by
/// 	hrows error for a rule of stretching that is unknown, or that lacks a number
inline rotary_options read_rotary(json_object const& config, sizes const& s,
                                  double share_that_turns = 1) {
  rotary_options o;
  // Since 2025 all of it stands in one object; before, beside it.
  auto const together = config.maybe_object({"rope_parameters"});
  auto const scaling = config.maybe_object({"rope_scaling"});
  if (together && scaling) config.fail("rope_scaling", {"is there beside rope_parameters"});
  auto const& outer = together && together->has({"rope_theta"}) ? *together : config;
  o.base = outer.maybe_number({"rope_theta", "rotary_emb_base"}).value_or(10000);
  if (!(o.base > 1)) { // its logarithm divides, and its powers are wave lengths
    outer.fail_at({"rope_theta", "rotary_emb_base"},
                  {"is ", o.base, ", expected a number above 1"});
  }
  o.dimensions = read_turned(config, together ? *together : config, s.head_width, share_that_turns);
  if (together) read_stretch(*together, static_cast<double>(s.context), o);
  if (scaling) read_stretch(*scaling, static_cast<double>(s.context), o);
  return o;
}

} // namespace dormant::detail
