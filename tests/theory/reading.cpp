// SPDX-License-Identifier: MIT
// The reading of a transformer in the minimal model's coordinates against its attention pattern,
// and against the logits that a change of attention really makes.
#include "dormant/theory/reading.hpp"

#include "catch.hpp"
#include "dormant/dormant.hpp"
#include "models.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

using namespace dormant;

namespace {

constexpr shape small{.layers = 1, .heads = 1, .width = 20, .vocab = 67, .context = 13};
using net_type = transformer<small, softmax, no_mlp, double>;

struct fixture {
  bigram_backcopy<small> task{{.seed = 5}};
  net_type net = models::shaken<net_type>();
  batch rows = task.sample(6);
};

// One more unit of attention on one key, at every query that sees it.
struct attend_more {
  std::size_t key = 0;
  void operator()(site::pattern, view<double, 3>& pattern) const {
    for (std::size_t q = key; q < pattern.shape(1); ++q) pattern(0, q, key) += 1;
  }
};

// Logits of the last query before they are divided by the deviation of its residual stream, which
// makes them linear in the attention; with that deviation.
struct undivided {
  std::vector<double> logits; // [V]
  double deviation = 0;
};
template <class... Hooks>
undivided at_last_query(net_type const& net, batch const& row, Hooks const&... hooks) {
  record<site::resid_post, double> stream;
  record<site::logits, double> kept;
  net.evaluate(row, hooks..., stream, kept);
  auto const x = stream.values(0);
  auto const z = kept.values(0);
  constexpr auto q = small.context - 1;
  constexpr auto C = static_cast<double>(small.width);
  double mean = 0, square = 0;
  for (std::size_t c = 0; c < small.width; ++c) mean += x(0, q, c) / C;
  for (std::size_t c = 0; c < small.width; ++c) square += std::pow(x(0, q, c) - mean, 2);
  undivided out{.logits = {}, .deviation = std::sqrt(square / C + 1e-5)};
  for (std::size_t i = 0; i < small.vocab; ++i) out.logits.push_back(z(0, q, i) * out.deviation);
  return out;
}

// What a unit of attention on a key adds to the logits, mean 0, in units of `deviation`.
std::vector<double> effect(net_type const& net, batch const& row, std::size_t key,
                           double deviation) {
  auto out = at_last_query(net, row, attend_more{key}).logits;
  auto const without = at_last_query(net, row).logits;
  double level = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = (out[i] - without[i]) / deviation;
    level += out[i] / static_cast<double>(out.size());
  }
  for (auto& logit : out) logit -= level;
  return out;
}

} // namespace

TEST_CASE_METHOD(fixture, "alpha and lambda are the log odds of attention, per key",
                 "[theory][reading]") {
  theory::reading_of<double> read;
  record<site::pattern, double> kept;
  net.evaluate(rows, read, kept);
  auto const pattern = kept.values(0); // [B, H, T, T]
  std::map<token, running_mean> alpha, lambda;
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    for (std::size_t q = 2; q < small.context; ++q) {
      bool const trigger = rows.laws(b)[q].trigger;
      double const a = pattern(b, 0, q, trigger ? q - 1 : 0);
      (trigger ? lambda : alpha)[rows.tokens(b)[q]].add(
          std::log(a / (1 - a) * static_cast<double>(q)));
    }
  }
  REQUIRE(!lambda.empty());
  running_mean all_alpha, all_lambda;
  for (auto const& [v, mean] : alpha) {
    CHECK(read.alpha(v) == Approx(mean.mean()).epsilon(1e-10));
    all_alpha.add(mean.mean());
  }
  for (auto const& [v, mean] : lambda) {
    CHECK(read.lambda(v) == Approx(mean.mean()).epsilon(1e-10));
    CHECK(std::isnan(read.alpha(v)));
    all_lambda.add(mean.mean());
  }
  CHECK(std::isnan(read.lambda(task.bos())));
  probe_row row;
  read.report(row);
  CHECK(row["reading.alpha"] == Approx(all_alpha.mean()).epsilon(1e-12));
  CHECK(row["reading.lambda"] == Approx(all_lambda.mean()).epsilon(1e-12));
}

TEST_CASE_METHOD(fixture, "beta and xi are what attention adds to the logits",
                 "[theory][reading]") {
  net.parameter("norm.bias").fill(0); // it would be divided, too
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    auto const row = rows.only(b);
    theory::reading_of<double> read;
    record<site::resid_post, double> stream;
    net.evaluate(row, read, stream);
    auto const x = stream.values(0);
    running_mean deviation;
    for (std::size_t q = 2; q < small.context; ++q) {
      if (row.laws(0)[q].trigger) continue;
      double mean = 0, square = 0;
      for (std::size_t c = 0; c < small.width; ++c) mean += x(0, q, c) / small.width;
      for (std::size_t c = 0; c < small.width; ++c) square += std::pow(x(0, q, c) - mean, 2);
      deviation.add(std::sqrt(square / small.width));
    }
    auto const beta = read.beta(net);
    auto const expected = effect(net, row, 0, deviation.mean());
    for (std::size_t i = 0; i < small.vocab; ++i)
      CHECK(beta[i] == Approx(expected[i]).epsilon(1e-8).margin(1e-9));

    auto const xi = read.xi(net);
    CHECK(std::isnan(xi[static_cast<std::size_t>(task.bos())]));
    auto const tokens = row.tokens(0);
    for (std::size_t key = 1; key + 1 < small.context; ++key) {
      if (std::ranges::count(tokens.first(small.context), tokens[key]) > 1) continue;
      auto const k = static_cast<std::size_t>(tokens[key]);
      CHECK(xi[k] == Approx(effect(net, row, key, deviation.mean())[k]).epsilon(1e-8));
    }
  }
}

TEST_CASE_METHOD(fixture, "readings of two halves merge into the reading of all",
                 "[theory][reading]") {
  theory::reading_of<double> whole, first, second;
  net.evaluate(rows, whole);
  batch half(3, small.context, task.table()), rest(3, small.context, task.table());
  for (std::size_t b = 0; b < 6; ++b) {
    auto& part = b < 3 ? half : rest;
    std::ranges::copy(rows.tokens(b), part.tokens(b % 3).begin());
    std::ranges::copy(rows.laws(b), part.laws(b % 3).begin());
  }
  net.evaluate(half, first);
  net.evaluate(rest, second);
  first.merge(second);
  CHECK(first.mean_alpha() == Approx(whole.mean_alpha()).epsilon(1e-12));
  CHECK(first.mean_lambda() == Approx(whole.mean_lambda()).epsilon(1e-12));
  auto const a = first.xi(net), b = whole.xi(net);
  auto const c = first.beta(net), d = whole.beta(net);
  for (std::size_t v = 0; v < small.vocab; ++v) {
    CHECK(std::isnan(a[v]) == std::isnan(b[v]));
    if (!std::isnan(a[v])) CHECK(a[v] == Approx(b[v]).epsilon(1e-10));
    CHECK(c[v] == Approx(d[v]).epsilon(1e-10));
  }
}

TEST_CASE("a reading rides along in training", "[theory][reading]") {
  constexpr shape tiny{.layers = 1, .heads = 1, .width = 16, .vocab = 67, .context = 16};
  bigram_backcopy<tiny> const task({.seed = 1});
  transformer<tiny, softmax> net({.seed = 1});
  history log(every{2}, theory::reading{});
  train(net, task, adamw{}, {.steps = 4, .batch = 4}, log);
  REQUIRE(!log.rows().empty());
  CHECK(std::isfinite(log.rows().back()["reading.alpha"]));
  CHECK(std::isfinite(log.rows().back()["reading.lambda"]));
}
