// SPDX-License-Identifier: MIT
// What the tests of models share: odd shapes, parameters with nothing left at zero, random tokens,
// and the reference model that belongs to a model's type.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/random.hpp"
#include "dormant/rule/output_gate.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/sigmoid.hpp"
#include "dormant/rule/sink_logit.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/rule/softmax_n.hpp"

#include "reference/naive_transformer.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace models {

using namespace dormant;

/// Sizes that are multiples of no vector width: C 20, D 5 with four heads, F 40, V 11, T 13.
constexpr shape odd(std::size_t layers = 1, std::size_t heads = 1) {
  return {
      .layers = layers, .heads = heads, .width = 20, .vocab = 11, .context = 13, .expansion = 2};
}

template <class T>
void shake(std::span<tensor_spec const> tensors, std::span<T> parameters, std::uint64_t seed,
           double strength) {
  random_stream draw(seed, stream::user, 0, 0);
  for (auto const& t : tensors) {
    for (auto& p : parameters.subspan(t.offset, t.size())) {
      p += static_cast<T>(strength * draw.normal());
    }
  }
}
/// A model none of whose parameters is zero or one, as norms and learned scalars are at first.
template <class Net>
Net shaken(std::uint64_t seed = 1, double strength = 0.3) {
  Net net({.seed = seed});
  shake(Net::plan::tensors, net.parameters(), seed, strength);
  return net;
}

/// Tokens without a task behind them, and so without laws.
inline batch random_tokens(std::size_t rows, std::size_t length, std::size_t vocab,
                           std::uint64_t seed = 1) {
  batch out(rows, length, nullptr, false);
  for (std::size_t b = 0; b < rows; ++b) {
    random_stream draw(seed, stream::user, 1, b);
    for (auto& id : out.tokens(b)) id = static_cast<token>(draw.below(vocab));
  }
  return out;
}

// ---- the reference ----------------------------------------------------------------------------

template <class Rule>
constexpr reference::rule reference_rule() {
  using reference::rule;
  if constexpr (std::same_as<Rule, softmax>) return rule::softmax;
  if constexpr (std::same_as<Rule, relu>) return rule::relu;
  if constexpr (std::same_as<Rule, sigmoid>) return rule::sigmoid;
  if constexpr (std::same_as<Rule, softmax_n<>>) return rule::softmax_n;
  if constexpr (std::same_as<Rule, sink_logit>) return rule::sink_logit;
  if constexpr (std::same_as<Rule, output_gate<>>) return rule::output_gate;
  if constexpr (std::same_as<Rule, output_gate<relu>>) return rule::gated_relu;
  return rule::none;
}

template <class Model>
reference::config reference_config() {
  reference::config c;
  c.vocab = Model::shape.vocab;
  c.width = Model::shape.width;
  c.context = Model::shape.context;
  c.heads = Model::shape.heads;
  c.hidden = Model::shape.hidden();
  c.post_norm = Model::post_norm;
  c.final_norm = Model::final_norm;
  c.sincos_positions = !Model::learned_positions;
  c.tied_output = Model::tied_output;
  c.layers.clear();
  Model::each_layer([&]<class Block>(std::size_t) {
    using reference::mlp;
    c.layers.push_back({.attention = reference_rule<typename Block::attention>(),
                        .mlp = !Block::has_mlp     ? mlp::none
                               : Block::linear_mlp ? mlp::linear
                                                   : mlp::relu,
                        .attention_norm = Block::attention_norm,
                        .mlp_norm = Block::mlp_norm,
                        .identity_v = !Block::has_wv,
                        .identity_o = !Block::has_wo});
  });
  return c;
}

template <class T>
reference::result reference_run(reference::config const& config,
                                std::span<tensor_spec const> tensors, std::span<T const> values,
                                batch const& rows) {
  reference::tensors parameters;
  for (auto const& t : tensors) {
    auto const of_tensor = values.subspan(t.offset, t.size());
    parameters[tensor_name(t)].assign(of_tensor.begin(), of_tensor.end());
  }
  std::vector<std::int32_t> tokens;
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    tokens.insert(tokens.end(), rows.tokens(b).begin(), rows.tokens(b).end());
  }
  return reference::transformer(config, parameters).run(tokens, rows.rows());
}
template <class Net>
reference::result reference_run(Net const& net, batch const& rows) {
  return reference_run(reference_config<typename Net::model>(), Net::plan::tensors,
                       net.parameters(), rows);
}

/// Keeps every site of the forward pass that the reference has, under the reference's names.
template <class T>
struct all_sites {
  template <class Site, class View>
    requires(requires { Site::name; } && !std::same_as<Site, site::value_out>)
  void operator()(Site at, View const& values) {
    bool const whole = std::same_as<Site, site::tok_embed> || std::same_as<Site, site::pos_embed> ||
                       std::same_as<Site, site::embed> || std::same_as<Site, site::final_norm> ||
                       std::same_as<Site, site::scale_of<site::final_norm>> ||
                       std::same_as<Site, site::logits>;
    auto& kept =
        found[(whole ? "" : "layers." + std::to_string(at.layer) + ".") + std::string(Site::name)];
    kept.insert(kept.end(), values.begin(), values.end());
  }
  void merge(all_sites const& later) {
    for (auto const& [name, values] : later.found) {
      found[name].insert(found[name].end(), values.begin(), values.end());
    }
  }
  reference::tensors found;
};

/// The largest difference, relative to the largest expected value; infinite where the sizes differ
/// or only one side is finite.
template <class Range>
double worst(std::vector<double> const& expected, Range const& got) {
  if (expected.size() != got.size()) return std::numeric_limits<double>::infinity();
  double most = 0, size = 0;
  auto g = got.begin();
  for (double const e : expected) {
    auto const x = static_cast<double>(*g++);
    if (e == x) continue; // also both -inf, as scores of the future are
    if (!std::isfinite(e) || !std::isfinite(x)) return std::numeric_limits<double>::infinity();
    most = std::max(most, std::abs(e - x));
  }
  for (double const e : expected) {
    if (std::isfinite(e)) size = std::max(size, std::abs(e));
  }
  return size > 0 ? most / size : most;
}

} // namespace models
