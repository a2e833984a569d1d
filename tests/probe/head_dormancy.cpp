// SPDX-License-Identifier: MIT
// Scores of dormant heads: by hand, of recorded tensors, and against the truth that a task knows.
#include "dormant/probe/head_dormancy.hpp"
#include "dormant/intervention/pattern.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <cmath>
#include <limits>

using namespace dormant;
using by_hand::small;

namespace {
static_assert(observes<head_dormancy, site::v> && observes<head_dormancy, site::pattern> &&
              observes<head_dormancy, site::z>);

// One head of width 2; query 2 looks at <s>, whose value is small, query 3 at what came before it.
template <class Probe>
void show_four(Probe& probe, double last_weight = 1) {
  by_hand::text const row(4, {3});
  by_hand::show<site::v>(probe, row, {4, 1, 2}, {0, 1, 3, 4, 0, 5, 4, 3});
  by_hand::show<site::pattern>(probe, row, {1, 4, 4},
                               {1, 0, 0, 0, .5, .5, 0, 0, .5, .25, .25, 0, 0, 0, last_weight, 0});
  by_hand::show<site::z>(probe, row, {4, 1, 2}, {9, 9, 9, 9, 0, 2, 6, 0});
}
} // namespace

TEST_CASE("head_dormancy: the scores of two queries are what they are by hand") {
  head_dormancy_of<double> probe;
  show_four(probe);
  // Of query 2: A v = .5 (0, 1) + .25 (3, 4) + .25 (0, 5) = (.75, 2.75).
  double const entropy = (.5 * std::log(2) + .5 * std::log(4)) / std::log(3);
  CHECK(probe.mean(dormancy::attention) == Approx(.25));
  CHECK(probe.mean(dormancy::entropy) == Approx(entropy / 2));
  CHECK(probe.mean(dormancy::value) == Approx(1 / 5.));
  CHECK(probe.value_norm() == Approx(1));
  CHECK(probe.mean(dormancy::output) == Approx(1));
  CHECK(probe.mean(dormancy::share) == Approx(.5 / std::hypot(.75, 2.75) / 2));
  CHECK(probe.mean(dormancy::truth) == .5);
  CHECK(probe.auc(dormancy::attention) == 1);
  CHECK(probe.auc(dormancy::entropy) == 0); // the active query looks at one key
  CHECK(probe.auc(dormancy::value) == .5);
  CHECK(probe.auc(dormancy::output) == 1); // 2 of a mean of 4 is less than 6
  CHECK(probe.auc(dormancy::share) == 1);
}

TEST_CASE("head_dormancy: of several <s> attention and shares are summed, norms averaged") {
  head_dormancy_of<double> probe;
  by_hand::text const row(4, {3}, 2);
  by_hand::show<site::v>(probe, row, {4, 1, 2}, {0, 1, 3, 4, 0, 5, 4, 3});
  by_hand::show<site::pattern>(probe, row, {1, 4, 4},
                               {1, 0, 0, 0, .5, .5, 0, 0, .5, .25, .25, 0, 0, .5, .5, 0});
  by_hand::show<site::z>(probe, row, {4, 1, 2}, {9, 9, 9, 9, 0, 2, 6, 0});
  CHECK(probe.mean(dormancy::attention) == Approx((.75 + .5) / 2));
  CHECK(probe.value_norm() == Approx(3));
  CHECK(probe.mean(dormancy::value) == Approx(3 / 5.));
  CHECK(probe.mean(dormancy::share) ==
        Approx((.5 + 1.25) / std::hypot(.75, 2.75) / 2 + 2.5 / std::hypot(1.5, 4.5) / 2));
}

TEST_CASE("head_dormancy: thresholds make verdicts, whose agreement is measured") {
  head_dormancy_of<double> probe({.attention = 0.4, .entropy = 0.1, .output = 1, .share = 0.4});
  show_four(probe);
  CHECK(probe.kappa(dormancy::attention, dormancy::truth) == 1);
  CHECK(probe.kappa(dormancy::output, dormancy::truth) == 1);
  CHECK(probe.kappa(dormancy::entropy, dormancy::truth) == -1);
  CHECK(probe.kappa(dormancy::entropy, dormancy::attention) == -1);
  CHECK(probe.kappa(dormancy::share, dormancy::truth) == 0); // never says so
  auto another = probe.empty();                              // with the same thresholds
  CHECK(another.layers() == 0);
  show_four(another);
  CHECK(another.kappa(dormancy::attention, dormancy::truth) == 1);
  head_dormancy_of<double> usual;
  show_four(usual);
  CHECK(usual.kappa(dormancy::attention, dormancy::truth) == 0); // A is .5, not more
}

TEST_CASE("head_dormancy: nothing of nothing is nothing, a NaN comes through") {
  head_dormancy_of<double> probe;
  by_hand::text const row(3, {1});
  by_hand::show<site::v>(probe, row, {3, 1, 1}, {0, 0, 0});
  by_hand::show<site::pattern>(probe, row, {1, 3, 3}, std::vector<double>(9, 0.0));
  by_hand::show<site::z>(probe, row, {3, 1, 1}, {0, 0, 0});
  for (auto const score : {dormancy::attention, dormancy::entropy, dormancy::value,
                           dormancy::output, dormancy::share}) {
    CHECK(probe.mean(score) == 0);
  }
  CHECK(std::isnan(probe.auc(dormancy::share))); // query 2 has no trigger, and no other asks
  head_dormancy_of<double> broken;
  show_four(broken, std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(broken.mean(dormancy::entropy)));
  CHECK(std::isnan(broken.auc(dormancy::share)));
  CHECK(std::isnan(broken.kappa(dormancy::output, dormancy::truth)));
}

TEST_CASE("head_dormancy: of a model it is what recorded tensors say, heads sharing values") {
  constexpr shape shared{
      .layers = 2, .heads = 4, .width = 24, .vocab = 67, .context = 13, .kv_heads = 2};
  constexpr std::size_t T = shared.context, H = 4, D = 6, B = 3, layer = 1, head = 2, kv = 1;
  auto const net = models::shaken<transformer<shared, softmax>>();
  auto const rows = bigram_backcopy<shared>({.seed = 5}).sample(B);
  head_dormancy probe;
  record<site::v> kept_v;
  record<site::pattern> kept_a;
  record<site::z> kept_z;
  net.evaluate(rows, probe, kept_v, kept_a, kept_z);
  auto const v = kept_v.values(layer), z = kept_z.values(layer); // [B, T, ., D]
  auto const a = kept_a.values(layer);                           // [B, H, T, T]
  running_mean attention, value_norm, value, output, share;
  ranking<double> by_output;
  for (std::size_t b = 0; b < B; ++b) {
    auto const norm = [&](auto const& x, std::size_t t, std::size_t h) {
      double square = 0;
      for (std::size_t d = 0; d < D; ++d) square += std::pow(double{x(b, t, h, d)}, 2);
      return std::sqrt(square);
    };
    double others = 0, of_layer = 0;
    for (std::size_t j = 1; j < T; ++j) others += norm(v, j, kv) / double(T - 1);
    for (std::size_t q = 2; q < T; ++q) {
      for (std::size_t h = 0; h < H; ++h) of_layer += norm(z, q, h) / double(H * (T - 2));
    }
    for (std::size_t q = 2; q < T; ++q) {
      attention.add(double{a(b, head, q, 0)});
      value_norm.add(norm(v, 0, kv));
      value.add(norm(v, 0, kv) / others);
      output.add(norm(z, q, head) / of_layer);
      by_output.add(!rows.laws(b)[q].trigger, -norm(z, q, head) / of_layer);
      // Without gates, what the head puts out is what it mixed.
      share.add(double{a(b, head, q, 0)} * norm(v, 0, kv) / norm(z, q, head));
    }
  }
  CHECK(probe.mean(dormancy::attention, layer, head) == Approx(attention.mean()).epsilon(1e-6));
  CHECK(probe.value_norm(layer, head) == Approx(value_norm.mean()).epsilon(1e-6));
  CHECK(probe.mean(dormancy::value, layer, head) == Approx(value.mean()).epsilon(1e-6));
  CHECK(probe.mean(dormancy::output, layer, head) == Approx(output.mean()).epsilon(1e-6));
  CHECK(probe.mean(dormancy::share, layer, head) == Approx(share.mean()).epsilon(1e-5));
  CHECK(probe.auc(dormancy::output, layer, head) == Approx(by_output.auc()).margin(0.01));
  CHECK(probe.mean(dormancy::output, layer) == Approx(1).epsilon(1e-12));
}

TEST_CASE("head_dormancy: of the pattern that the task asks for, attention and share are right") {
  auto const net = models::shaken<transformer<small, softmax>>();
  head_dormancy probe;
  net.evaluate(by_hand::some_rows(5), clean_pattern{.layer = every_layer}, probe);
  for (std::size_t l = 0; l < small.layers; ++l) {
    CHECK(probe.auc(dormancy::attention, l, 1) == 1);
    CHECK(probe.auc(dormancy::share, l) == 1);
    CHECK(probe.kappa(dormancy::attention, dormancy::truth, l) == 1);
    CHECK(probe.auc(dormancy::entropy, l) == .5); // every query looks at one key
  }
}

TEST_CASE("head_dormancy: without a task there are scores and their agreement, and no truth") {
  auto const net = models::shaken<transformer<models::odd(2, 2), softmax>>();
  head_dormancy probe({.attention = 0.1});
  net.evaluate(models::random_tokens(4, 13, 11), probe);
  CHECK(std::isfinite(probe.mean(dormancy::attention, 1)));
  CHECK(std::isfinite(probe.kappa(dormancy::attention, dormancy::share, 1)));
  CHECK(std::isnan(probe.mean(dormancy::truth, 1)));
  CHECK(std::isnan(probe.auc(dormancy::attention, 1)));
  CHECK(std::isnan(probe.kappa(dormancy::attention, dormancy::truth, 1)));
}

TEST_CASE("head_dormancy: it keeps the laws of probes") {
  by_hand::keeps_its_laws<head_dormancy>();
}
