// SPDX-License-Identifier: MIT
// A model as its users hold it: initial parameters, names, and what it refuses to read.
#include "dormant/evaluate.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "models.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

namespace {

using namespace dormant;

struct spread {
  double mean = 0, deviation = 0, largest = 0;
};
template <class View>
spread spread_of(View const& values) {
  spread s;
  double const n = static_cast<double>(values.size());
  for (float const x : values) {
    s.mean += static_cast<double>(x) / n;
    s.largest = std::max(s.largest, std::abs(static_cast<double>(x)));
  }
  for (float const x : values) {
    s.deviation += std::pow(static_cast<double>(x) - s.mean, 2) / n;
  }
  s.deviation = std::sqrt(s.deviation);
  return s;
}

} // namespace

TEST_CASE("model: initial parameters have the laws of the authors' code") {
  constexpr shape s{.layers = 1, .heads = 2, .width = 64, .vocab = 67, .context = 64};
  transformer<s, sink_logit> const net({.seed = 4});
  for (auto const* name : {"tok_embeddings.weight", "pos_embeddings.weight"}) {
    auto const embedding = spread_of(net.parameter(name)); // N(0, 1), some 4200 elements
    CHECK(std::abs(embedding.mean) < 0.08);
    CHECK(embedding.deviation == Approx(1).epsilon(0.05));
    CHECK(embedding.largest > 2.5);
  }
  auto const check_matrix = [&](char const* name, double fan_in) { // U(-1, 1) / sqrt(fan in)
    INFO(name);
    auto const matrix = spread_of(net.parameter(name));
    CHECK(matrix.largest <= 1 / std::sqrt(fan_in));
    CHECK(matrix.largest > 0.99 / std::sqrt(fan_in));
    CHECK(matrix.deviation == Approx(1 / std::sqrt(3 * fan_in)).epsilon(0.05));
  };
  for (auto const* name : {"wq", "wk", "wv", "wo"}) {
    check_matrix(("layers.0.attention." + std::string(name) + ".weight").c_str(), 64);
  }
  check_matrix("layers.0.ff.w1.weight", 64);
  check_matrix("layers.0.ff.w2.weight", 256);
  check_matrix("output.weight", 64);
  for (auto const* name :
       {"layers.0.attention_norm.weight", "layers.0.ff_norm.weight", "norm.weight"}) {
    for (float const x : net.parameter(name)) CHECK(x == 1);
  }
  for (auto const* name :
       {"layers.0.attention_norm.bias", "norm.bias", "layers.0.attention.sink.weight"}) {
    for (float const x : net.parameter(name)) CHECK(x == 0);
  }
}

TEST_CASE("model: a seed is a model") {
  using net = transformer<models::odd(), softmax>;
  auto const first = [](net const& n) { return n.parameter("layers.0.attention.wq.weight")(0, 0); };
  CHECK(first(net({.seed = 1})) == first(net({.seed = 1})));
  CHECK(first(net({.seed = 1})) != first(net({.seed = 2})));
  // Tensors do not repeat each other.
  net const one({.seed = 1});
  CHECK(one.parameter("layers.0.attention.wq.weight")(0, 0) !=
        one.parameter("layers.0.attention.wk.weight")(0, 0));
}

TEST_CASE("model: double starts where float starts") {
  transformer<models::odd(), softmax> const floats({.seed = 1});
  transformer<models::odd(), softmax, double> const doubles({.seed = 1});
  CHECK(floats.parameter("output.weight")(3, 4) ==
        static_cast<float>(doubles.parameter("output.weight")(3, 4)));
}

TEST_CASE("model: tensors by name, written through") {
  transformer<models::odd(2), softmax> net;
  net.parameter("layers.1.ff.w2.weight")(19, 39) = 5;
  auto const& t = net.find("layers.1.ff.w2.weight");
  CHECK(t.rows == 20);
  CHECK(t.cols == 40);
  CHECK(net.parameters()[t.offset + t.size() - 1] == 5);
  CHECK(error_of([&] { (void)net.parameter("layers.2.ff.w2.weight"); }) ==
        "this model has no parameter named 'layers.2.ff.w2.weight'");
  auto const gradient = differentiate(net, models::random_tokens(1, 3, 11), {});
  CHECK(gradient["layers.1.ff.w2.weight"].shape(1) == 40);
  CHECK_FALSE(error_of([&] { (void)gradient["w2"]; }).empty());
}

TEST_CASE("model: what cannot be read is a sentence") {
  transformer<models::odd(), softmax> const net;
  CHECK(error_of([&] { net.evaluate(batch()); }) ==
        "the batch is empty: it needs at least one sequence of one token");
  CHECK(error_of([&] { net.evaluate(models::random_tokens(1, 14, 11)); }) ==
        "the sequences are longer than the model's context: expected at most 13 tokens, found 14");
  auto rows = models::random_tokens(3, 5, 11);
  rows.tokens(1)[4] = 11;
  CHECK(error_of([&] { net.evaluate(rows); }) ==
        "sequence 1, position 4: token 11 is outside the vocabulary of 11");
  rows.tokens(1)[4] = -1;
  CHECK(error_of([&] { (void)differentiate(net, rows, {}); }) ==
        "sequence 1, position 4: token -1 is outside the vocabulary of 11");
  rows.tokens(1)[4] = 0;
  rows.tokens(2)[5] = 99; // a target
  CHECK(error_of([&] { net.evaluate(rows); }).find("sequence 2, position 5: token 99") == 0);
  CHECK(error_of([&] {
          evaluate(net, models::random_tokens(1, 5, 11), {.shards = 0});
        }).find("shards must be between 1 and 64") != std::string::npos);
}
