// SPDX-License-Identifier: MIT
// The reference itself is checked by what needs no other implementation: central differences,
// causality, and a few values known beforehand.
#include "naive_transformer.hpp"

#include "catch.hpp"

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace reference;

config small(std::vector<layer_config> layers, std::size_t heads = 2) {
  config c;
  c.vocab = 7, c.width = 8, c.context = 6, c.heads = heads, c.hidden = 12;
  c.layers = std::move(layers);
  return c;
}

std::vector<std::pair<std::string, config>> variants() {
  std::vector<std::pair<std::string, config>> all;
  auto const add = [&](std::string name, config c) {
    all.emplace_back(std::move(name), std::move(c));
  };
  std::pair<char const*, rule> const rules[] = {
      {"softmax", rule::softmax},       {"relu", rule::relu},
      {"sigmoid", rule::sigmoid},       {"softmax_n", rule::softmax_n},
      {"sink_logit", rule::sink_logit}, {"output_gate", rule::output_gate},
      {"gated_relu", rule::gated_relu}};
  for (auto const& [name, r] : rules) {
    add(name + std::string(", 1 head"), small({{.attention = r}}, 1));
    add(name + std::string(", 4 heads, 2 layers"), small({{.attention = r}, {.attention = r}}, 4));
    auto post = small({{.attention = r}, {.attention = r}});
    post.post_norm = true;
    add(name + std::string(", post-norm"), post);
  }
  add("no attention", small({{.attention = rule::none}}));
  add("linear MLP", small({{.mlp = mlp::linear}}));
  add("no MLP", small({{.mlp = mlp::none}}));
  add("no norms", small({{.attention_norm = false, .mlp_norm = false}}));
  add("identity V and O", small({{.identity_v = true, .identity_o = true}}));
  add("MLP | attention + MLP | MLP",
      small({{.attention = rule::none}, {}, {.attention = rule::none, .mlp = mlp::linear}}));
  auto special = small({{}});
  special.final_norm = false;
  add("no final norm", special);
  special.sincos_positions = true;
  add("sin/cos positions", special);
  special.tied_output = true;
  add("tied output", special);
  special.post_norm = true;
  special.layers = {{.attention_norm = false}, {.mlp_norm = false}};
  add("post-norm, one norm in each layer", special);
  return all;
}

tensors random_parameters(config const& c) {
  std::mt19937 bits(5);
  std::normal_distribution<double> normal;
  tensors parameters;
  for (auto const& [name, shape] : parameter_shapes(c)) {
    auto& p = parameters[name];
    p.resize(shape[0] * (shape.size() == 2 ? shape[1] : 1));
    bool const scale = name.find("norm.weight") != std::string::npos;
    for (auto& x : p) x = (scale ? 1 : 0) + 0.6 * normal(bits);
  }
  return parameters;
}

// Two sequences of five inputs: shorter than the context.
std::vector<std::int32_t> const tokens = {0, 3, 1, 6, 2, 3, /**/ 5, 5, 4, 0, 1, 2};

} // namespace

TEST_CASE("reference: every gradient agrees with central differences") {
  for (auto const& [name, c] : variants()) {
    auto parameters = random_parameters(c);
    auto const gradients = transformer(c, parameters).run(tokens, 2).gradients;
    CHECK(gradients.size() == parameters.size());
    for (auto const& [tensor, gradient] : gradients) {
      double largest = 0;
      for (double const g : gradient) largest = std::max(largest, std::abs(g));
      auto& p = parameters.at(tensor);
      for (std::size_t n = 0; n < p.size(); n += 1 + p.size() / 7) {
        double const before = p[n], h = 1e-5;
        p[n] = before + h;
        double const above = transformer(c, parameters).run(tokens, 2).loss;
        p[n] = before - h;
        double const below = transformer(c, parameters).run(tokens, 2).loss;
        p[n] = before;
        INFO(name << ": " << tensor << " #" << n);
        CHECK(gradient[n] ==
              Approx((above - below) / (2 * h)).epsilon(0).margin(1e-7 * largest + 1e-10));
      }
    }
  }
}

TEST_CASE("reference: a token leaves everything before it as it was") {
  for (auto const& [name, c] : variants()) {
    INFO(name);
    auto const parameters = random_parameters(c);
    auto changed = tokens;
    changed[3] = 0; // the fourth token of the first sequence
    auto const before = transformer(c, parameters).run(tokens, 2).logits;
    auto const after = transformer(c, parameters).run(changed, 2).logits;
    for (std::size_t n = 0; n < before.size(); ++n) {
      std::size_t const position = n / c.vocab;
      if (position < 3 || position >= 5) CHECK(before[n] == after[n]);
      if (position == 3) CHECK(before[n] != after[n]);
    }
  }
}

TEST_CASE("reference: attention rules have the row sums they are named for") {
  std::vector<double> const s = {0.5, -1, 2};
  auto const sum = [&](rule r, double sink, std::size_t context) {
    double total = 0, thrown_away = 0;
    for (double const a : attend(r, s, sink, context, thrown_away)) total += a;
    if (r == rule::softmax_n || r == rule::sink_logit) CHECK(total + thrown_away == Approx(1));
    return total;
  };
  double const e = std::exp(0.5) + std::exp(-1) + std::exp(2);
  CHECK(sum(rule::softmax, 0, 8) == Approx(1));
  CHECK(sum(rule::softmax_n, 0, 8) == Approx(e / (1 + e)));
  CHECK(sum(rule::sink_logit, 0.7, 8) == Approx(e / (std::exp(0.7) + e)));
  CHECK(sum(rule::relu, 0, 8) == Approx(2.5 / 3));
  double thrown_away = 0;
  CHECK(attend(rule::sigmoid, {0}, 0, 8, thrown_away)[0] == Approx(1.0 / 9));
}

TEST_CASE("reference: sin/cos positions are those of the formula") {
  auto c = small({{}});
  c.sincos_positions = true;
  auto parameters = random_parameters(c);
  for (auto& x : parameters.at("tok_embeddings.weight")) x = 0;
  auto const embed = transformer(c, parameters).run(tokens, 2).sites.at("embed");
  std::size_t const t = 3;
  CHECK(embed[t * c.width + 2] == Approx(std::sin(3 / std::pow(10000, 2.0 / 8))));
  CHECK(embed[t * c.width + 7] == Approx(std::cos(3 / std::pow(10000, 6.0 / 8))));
}

TEST_CASE("reference: sites have the shapes they promise") {
  auto const c = small({{}, {.attention = rule::none}});
  auto const r = transformer(c, random_parameters(c)).run(tokens, 2);
  std::size_t const B = 2, T = 5;
  CHECK(r.logits.size() == B * T * c.vocab);
  CHECK(r.sites.at("layers.0.pattern").size() == B * c.heads * T * T);
  CHECK(r.sites.at("layers.0.q").size() == B * T * c.width);
  CHECK(r.sites.at("layers.1.mlp_hidden").size() == B * T * c.hidden);
  CHECK(r.sites.count("layers.1.pattern") == 0);
  CHECK(r.sites.at("layers.1.resid_mid") == r.sites.at("layers.1.resid_pre"));
}
