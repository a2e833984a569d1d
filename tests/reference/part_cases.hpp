// SPDX-License-Identifier: MIT
// What a part's cases need: the sizes and wirings of models that have it, and the words that
// describe them to torch_parts.py. A part of the library has a pair of files of its own,
// parts/NAME.cpp and parts/NAME.py.
#pragma once

#include "case_writer.hpp"

#include <dormant/part/parts.hpp>
#include <dormant/testing/part_laws.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace part_cases {

using namespace dormant;
using nlohmann::json;

inline json one_step(json const& step) { return json::array({step}); }

// No multiple of a vector: C 20, D 20 or 6, F 11, V 11, T 13.
inline sizes heads(std::size_t queries, std::size_t keys) {
  sizes s(shape{.layers = 6,
                .heads = queries,
                .width = 20,
                .vocab = 11,
                .context = 13,
                .kv_heads = keys,
                .head_size = queries == 1 ? std::size_t{20} : std::size_t{6},
                .mlp_width = 11});
  s.clip = 1.5;
  s.soft_cap = 1.5;
  s.temperature = 0.7;
  s.window = 4;
  return s;
}
inline sizes unchanged(sizes s) { return s; }

/// `every_wiring` of part_laws.hpp in words.
inline json layers(std::string const& norm, json const& attention, json const& mlp) {
  json all = json::array();
  for (auto const* wiring : {"pre", "post", "sandwich", "after", "parallel", "parallel_apart"}) {
    all.push_back({{"wiring", wiring}, {"norm", norm}, {"attention", attention}, {"mlp", mlp}});
  }
  return all;
}
inline json attention_words(json const& changes = json::object()) {
  json a = {{"rule", "softmax"},
            {"biases", "none"},
            {"heads", json::array()},
            {"scores", json::array()},
            {"mixed", json::array()},
            {"mask", "causal"},
            {"window", 0},
            {"extra_key", "none"}};
  a.update(changes);
  return a;
}
inline json mlp_words(std::string const& kind, std::string const& activation, bool biases) {
  return {{"kind", kind}, {"activation", activation}, {"biases", biases}};
}

struct part_writer {
  cases::writer const& write;

  /// \param with the sizes of each case, changed
  /// \param strength parameters are multiplied by it, where six layers would explode
  template <class... Words>
  void model(std::string const& name, json config, sizes (*with)(sizes) = unchanged,
             double strength = 1) const {
    struct {
      std::size_t queries, keys;
    } const kinds[] = {{1, 1}, {4, 4}, {4, 2}};
    for (auto const& kind : kinds) {
      sizes const s = with(heads(kind.queries, kind.keys));
      json c = {{"parts", true},
                {"dtype", "double"},
                {"width", s.width},
                {"context", s.context},
                {"heads", s.heads},
                {"kv_heads", s.kv_heads},
                {"head_width", s.head_width},
                {"epsilon", s.norm_epsilon},
                {"frozen", json::array()},
                {"positions", "learned"},
                {"last_norm", "layer_norm"}};
      c.update(config);
      for (auto& layer : c["layers"]) {
        for (auto& step : layer["attention"]["heads"]) {
          if (step["kind"] == "rotary" && step["dimensions"] == 0)
            step["dimensions"] = s.head_width;
        }
      }
      using net = transformer<at_run_time, double, Words...>;
      auto start = cases::shaken(net(s, {.seed = 3}));
      for (auto& p : start.parameters()) p *= strength;
      write.operator()<13, 11>(
          name + "_" + std::to_string(s.heads) + "_" + std::to_string(s.kv_heads), start, c);
    }
  }
  template <class Norm>
  void norm(std::string const& name, double strength = 1) const {
    model<testing::every_wiring<Norm, attention<softmax>, mlp<gelu>>, last_norm<Norm>>(
        name,
        {{"layers", layers(name, attention_words(), mlp_words("plain", "gelu", false))},
         {"last_norm", name}},
        unchanged, strength);
  }
  template <class Mlp>
  void mlp_part(std::string const& name, json const& words) const {
    model<testing::every_wiring<rms_norm, attention<softmax>, Mlp>>(
        name, {{"layers", layers("rms_norm", attention_words(), words)}});
  }
  /// With rotary embedding, or some other word, in the place of learned positions.
  template <class Attention>
  void attention_part(std::string const& name, json const& changes,
                      sizes (*with)(sizes) = unchanged) const {
    model<testing::every_wiring<rms_norm, Attention, mlp<gelu>>>(
        name,
        {{"layers",
          layers("rms_norm", attention_words(changes), mlp_words("plain", "gelu", false))}},
        with);
  }
};

/// Cases of one part: `part_cases::cases_of const softpick([](part_cases::part_writer const& to) {
/// ... });` at namespace scope is all that a file of parts/ needs.
struct cases_of {
  static std::vector<std::function<void(part_writer const&)>>& all() {
    static std::vector<std::function<void(part_writer const&)>> parts;
    return parts;
  }
  explicit cases_of(std::function<void(part_writer const&)> write) {
    all().push_back(std::move(write));
  }
};

} // namespace part_cases
