// SPDX-License-Identifier: MIT
// What the paper's runs of models with parts taken away say by the measure that ours are judged by.
#include "experiments/structures.hpp"
#include "catch.hpp"
#include "common/published.hpp"

#include <dormant/task/english.hpp>

#include <string>

namespace {

double published_ratio(std::string const& run) {
  return published::at(run, "residual_peak.ratio.0", 10'000);
}

} // namespace

TEST_CASE("structures: the published run's residual norm of <s> before training is computed") {
  auto const whole = paper::where_published_began<paper::whole>(dormant::english_bigrams());
  CHECK(whole.bos(0) ==
        Approx(published::at("three layers", "residual_peak.bos.0", 0)).margin(0.006));
  // Nobody published the others'; that all tokens are drawn alike makes them as large, about.
  CHECK(whole.ratio(0) == Approx(1).margin(0.1));
}

TEST_CASE(
    "structures: against where they began, the published ratios rise with an MLP and only so") {
  // As for ours: a constant, 1.5 for instance, would fail two of those that the paper calls peaks.
  auto const table = dormant::english_bigrams();
  auto const whole = paper::where_published_began<paper::whole>(table).ratio(0);
  CHECK(published_ratio("two layers") > whole);
  CHECK(published_ratio("three layers") > whole);
  CHECK(published_ratio("three layers without attention in 2") > whole);
  CHECK(published_ratio("three layers without attention in 0 and 2") >
        paper::where_published_began<paper::without_attention>(table).ratio(0));
  CHECK(published_ratio("three layers without attention in 2 and MLP in 0") <
        paper::where_published_began<paper::without_mlp>(table).ratio(0));
}
