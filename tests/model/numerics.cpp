// SPDX-License-Identifier: MIT
// The edges of the forward and backward pass: one token, short sequences, silent rows, huge scores.
#include "dormant/probe/record.hpp"
#include "dormant/testing/gradient_check.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace {

using namespace dormant;

template <class Net>
bool finite(Net const& net, batch const& rows) {
  auto const gradient = differentiate(net, rows, {.threads = 1});
  return std::isfinite(gradient.loss) &&
         std::all_of(gradient.values.span().begin(), gradient.values.span().end(),
                     [](auto g) { return std::isfinite(g); });
}

} // namespace

TEST_CASE("numerics: a sequence of one token") {
  auto const net = models::shaken<transformer<models::odd(2, 4), softmax, double>>();
  auto const one = models::random_tokens(3, 1, 11);
  CHECK(testing::check_gradients(net, one, {.samples = 4}));
  auto const expected = models::reference_run(net, one);
  CHECK(net.evaluate(one).loss == Approx(expected.loss).epsilon(1e-12));
  record<site::pattern, double> pattern;
  net.evaluate(one, pattern);
  for (double const a : pattern.values(1)) CHECK(a == 1);
}

TEST_CASE("numerics: a model whose context is one token") {
  constexpr shape s{.layers = 1, .heads = 2, .width = 6, .vocab = 5, .context = 1};
  auto const net = models::shaken<transformer<s, sink_logit, double>>();
  CHECK(testing::check_gradients(net, models::random_tokens(4, 1, 5)));
}

TEST_CASE("numerics: a vocabulary of one token is certain") {
  constexpr shape s{.layers = 1, .heads = 1, .width = 4, .vocab = 1, .context = 3};
  transformer<s, softmax> const net;
  CHECK(net.evaluate(models::random_tokens(2, 3, 1)).loss == 0);
  CHECK(finite(net, models::random_tokens(2, 3, 1)));
}

TEST_CASE("numerics: a shorter sequence is the beginning of a longer one") {
  auto const net = models::shaken<transformer<models::odd(2, 4), sigmoid, double>>();
  auto const whole = models::random_tokens(2, 13, 11);
  record<site::logits, double> long_logits;
  net.evaluate(whole, long_logits);
  auto const expected = long_logits.values(1); // [B, T, V]
  for (std::size_t const length : {1U, 4U, 8U, 9U, 12U}) {
    INFO(length << " tokens");
    batch shorter(2, length, nullptr, false);
    for (std::size_t b = 0; b < 2; ++b) {
      std::copy_n(whole.tokens(b).begin(), length + 1, shorter.tokens(b).begin());
    }
    record<site::logits, double> short_logits;
    net.evaluate(shorter, short_logits);
    auto const got = short_logits.values(1);
    for (std::size_t t = 0; t < length; ++t) {
      for (std::size_t v = 0; v < 11; ++v) {
        CHECK(got(1, t, v) == Approx(expected(1, t, v)).epsilon(1e-12).margin(1e-13));
      }
    }
  }
}

TEST_CASE(
    "numerics: heads that are silent under ReLU stay silent, and everything else is checked") {
  // Keys that are minus the queries: every score is a negative square.
  auto net = models::shaken<transformer<models::odd(1, 4), relu, no_attention_norm, double>>();
  auto wq = net.parameter("layers.0.attention.wq.weight");
  auto wk = net.parameter("layers.0.attention.wk.weight");
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t j = 0; j < 20; ++j) wk(i, j) = -wq(i, j);
  }
  for (auto& p : net.parameter("tok_embeddings.weight")) p = 0.1;
  auto const rows = models::random_tokens(1, 13, 11);
  auto same = net; // every position alike, so that q.k < 0 for every pair
  for (auto& p : same.parameter("pos_embeddings.weight")) p = 0.2;
  record<site::pattern, double> pattern;
  same.evaluate(rows, pattern);
  for (double const a : pattern.values()) CHECK(a == 0);
  auto const gradient = differentiate(same, rows, {.threads = 1});
  for (auto const* name : {"wq", "wk", "wv", "wo"}) {
    for (double const g : gradient["layers.0.attention." + std::string(name) + ".weight"]) {
      CHECK(g == 0);
    }
  }
  CHECK(testing::check_gradients(same, rows, {.samples = 5}));
}

TEST_CASE("numerics: huge scores and logits are finite, forward and back") {
  auto const check = [](auto net) {
    for (auto& p : net.parameter("layers.0.attention.wq.weight")) p *= 1e4F;
    for (auto& p : net.parameter("output.weight")) p *= 1e4F;
    auto const rows = models::random_tokens(2, 13, 11);
    CHECK(finite(net, rows));
    record<site::pattern> pattern;
    net.evaluate(rows, pattern);
    for (float const a : pattern.values()) CHECK(std::isfinite(a));
  };
  check(models::shaken<transformer<models::odd(1, 4), softmax>>());
  check(models::shaken<transformer<models::odd(1, 4), softmax_n<>>>());
  check(models::shaken<transformer<models::odd(1, 4), sink_logit>>());
  check(models::shaken<transformer<models::odd(1, 4), sigmoid>>());
  check(models::shaken<transformer<models::odd(1, 4), relu>>());
}

TEST_CASE("numerics: equal logits cost the logarithm of the vocabulary") {
  transformer<models::odd(), softmax> net;
  for (auto& p : net.parameter("output.weight")) p = 0;
  CHECK(net.evaluate(models::random_tokens(3, 13, 11)).loss == Approx(std::log(11.0)));
}

TEST_CASE("numerics: constant residuals do not divide by zero in the norm") {
  transformer<models::odd(), softmax> net;
  for (auto& p : net.parameter("tok_embeddings.weight")) p = 3;
  for (auto& p : net.parameter("pos_embeddings.weight")) p = -1;
  CHECK(finite(net, models::random_tokens(2, 13, 11)));
}
