// SPDX-License-Identifier: MIT
// Every attention rule against its formula, row by row, and what sets it apart from softmax.
#include "dormant/rule/output_gate.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/sigmoid.hpp"
#include "dormant/rule/sink_logit.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/rule/softmax_n.hpp"

#include "rule_testing.hpp"

#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

using namespace dormant;
using namespace rule_testing;

TEST_CASE("rule: each rule is its formula, at every length") {
  for (std::size_t const keys : {1U, 2U, 3U, 7U, 8U, 9U, 16U, 17U, 31U}) {
    INFO("row of " << keys);
    auto const s = some_scores(keys);
    double exps = 0;
    for (double const x : s) exps += std::exp(x);
    auto const soft = weights<softmax>(s), rect = weights<relu>(s), sigm = weights<sigmoid>(s),
               off_by_one = weights<softmax_n<>>(s), off_by_three = weights<softmax_n<3>>(s),
               sunk = weights<sink_logit>(s, {0.7});
    for (std::size_t j = 0; j < keys; ++j) {
      double const e = std::exp(s[j]);
      CHECK(soft[j] == Approx(e / exps));
      CHECK(rect[j] == Approx(std::max(s[j], 0.0) / static_cast<double>(keys)));
      CHECK(sigm[j] == Approx(1 / (1 + std::exp(-(s[j] - std::log(32.0))))));
      CHECK(off_by_one[j] == Approx(e / (1 + exps)));
      CHECK(off_by_three[j] == Approx(e / (3 + exps)));
      CHECK(sunk[j] == Approx(e / (std::exp(0.7) + exps)));
    }
    CHECK(weights<softmax_n<0>>(s) == soft);
    CHECK(weights<output_gate<>>(s) == soft);
    CHECK(weights<output_gate<relu>>(s) == rect);
  }
}

TEST_CASE("rule: which rows sum to one") {
  auto const s = some_scores(20);
  CHECK(sum_of(weights<softmax>(s)) == Approx(1));
  CHECK(sum_of(weights<softmax_n<>>(s)) < 1);
  CHECK(sum_of(weights<sink_logit>(s, {-40.0})) == Approx(1));
  CHECK(sum_of(weights<sink_logit>(s, {40.0})) < 1e-10);
  // The bias lets a full row of indifferent scores begin near a total weight of one.
  CHECK(sum_of(weights<sigmoid>(std::vector<double>(context, 0.0))) == Approx(32.0 / 33));
}

TEST_CASE("rule: a row of negative scores is silent under ReLU, and passes no gradient") {
  std::vector<float> const s(19, -0.5F);
  for (float const a : weights<relu, float>(s)) CHECK(a == 0);
  testing::detail::rule_bench<relu, float, xsimd::default_arch> bench(s, {}, context);
  bench.forward();
  auto const ds = bench.backward(std::vector<float>(19, 1.F));
  for (std::size_t j = 0; j < 19; ++j) CHECK(ds[j] == 0);
}

TEST_CASE("rule: scores that overflow exp are ordinary scores") {
  std::vector<float> const huge{3e4F, 3e4F, -3e4F};
  CHECK(weights<softmax, float>(huge) == std::vector<float>{0.5F, 0.5F, 0.F});
  CHECK(weights<softmax_n<>, float>(huge) == std::vector<float>{0.5F, 0.5F, 0.F});
  CHECK(weights<sink_logit, float>(huge, {0.F}) == std::vector<float>{0.5F, 0.5F, 0.F});
  CHECK(weights<sigmoid, float>(huge) == std::vector<float>{1.F, 1.F, 0.F});
  // All far below the extra keys: nothing is left.
  CHECK(sum_of(weights<softmax_n<>, float>({-3e4F, -3e4F})) == 0);
  CHECK(sum_of(weights<sink_logit, float>({0.F, 0.F}, {3e4F})) == 0);
}

TEST_CASE("rule: the gradient of a sink that is hardly used is exact in float") {
  // A_S = e^-14 / (e^-14 + 20): eight digits below the other weights, of which a float has seven.
  std::vector<float> const s(20, 0.F);
  testing::detail::rule_bench<sink_logit, float, xsimd::default_arch> bench(s, {-14.F}, context);
  bench.forward();
  std::vector<float> upstream(20);
  for (std::size_t j = 0; j < 20; ++j) upstream[j] = static_cast<float>(j);
  bench.backward(upstream);
  double const dropped = std::exp(-14.0) / (std::exp(-14.0) + 20);
  double const mean = 9.5 * (1 - dropped);
  CHECK(static_cast<double>(bench.dscalars[0]) == Approx(-dropped * mean).epsilon(1e-5));
}

TEST_CASE("rule: names are those of the programs' options") {
  CHECK(softmax::name == "softmax");
  CHECK(relu::name == "relu");
  CHECK(sigmoid::name == "sigmoid");
  CHECK(softmax_n<>::name == "softmax_n");
  CHECK(sink_logit::name == "sink_logit");
  CHECK(output_gate<>::name == "output_gate");
}
