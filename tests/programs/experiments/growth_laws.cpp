// SPDX-License-Identifier: MIT
// Which law a curve follows, whether it slows down or speeds up, and what pushes it.
#include "experiments/growth_runs.hpp"

#include "catch.hpp"

#include <dormant/task/english.hpp>

#include <cmath>
#include <vector>

namespace dm = dormant;

namespace {

std::vector<double> steps() {
  std::vector<double> out;
  for (int n = 0; n <= 60; ++n) out.push_back(100.0 * n);
  return out;
}
template <class F>
paper::growth growth_of(F f) {
  std::vector<double> y;
  for (double const t : steps()) y.push_back(f(t));
  return paper::growth_of(steps(), y, 3000);
}

} // namespace

TEST_CASE("growth: each law is recognised by leaving nothing, and by its slope") {
  auto const line = growth_of([](double t) { return 20 + 0.01 * t; });
  CHECK(line.line.slope == Approx(0.01));
  CHECK(line.line.off_by == Approx(0).margin(1e-9));
  CHECK(line.logarithm.off_by > 0.1);
  CHECK(line.over_earlier == Approx(1));
  CHECK(line.rise == Approx(0.6)); // 50 to 80

  auto const logarithm = growth_of([](double t) { return 20 + 3 * std::log(t + 1e-9); });
  CHECK(logarithm.logarithm.slope == Approx(3));
  CHECK(logarithm.logarithm.off_by < logarithm.line.off_by / 100);

  auto const power = growth_of([](double t) { return 2 * std::pow(t, 0.7); });
  CHECK(power.power.slope == Approx(0.7));
  CHECK(power.power.off_by < power.line.off_by / 100);
}

TEST_CASE("growth: what slows down has a ratio below 1, what speeds up one above") {
  CHECK(growth_of([](double t) { return 20 + std::sqrt(t); }).over_earlier < 0.6);
  CHECK(growth_of([](double t) { return 20 + t * t; }).over_earlier == Approx(3).epsilon(0.05));
}

TEST_CASE("growth: two points make no law") {
  std::vector<double> const t{0, 1, 2, 3, 4}, y{1, 2, 3, 4, 5};
  CHECK(std::isnan(paper::growth_of(t, y, 3).line.slope));
  CHECK(std::isnan(paper::growth_of(t, y, 2).over_earlier));
}

TEST_CASE("growth: the published norm of <s> slows down to step 4000 and speeds up to 10,000") {
  auto const by = [](double until) {
    return paper::published_growth("three layers", "residual_peak.bos.0", until).over_earlier;
  };
  CHECK(by(4000) == Approx(0.82).margin(0.01));
  CHECK(by(10000) == Approx(1.72).margin(0.01));
}

TEST_CASE("growth: what the matrices push adds up to the change of the norm, in a model of MLPs") {
  constexpr dm::shape tiny{.width = 16, .vocab = program::vocabulary, .context = 16};
  paper::setting const how{.seeds = 1, .threads = 1, .table = dm::english_bigrams()};
  program::board board(1, 0);
  auto const rows = paper::grow<program::minimal<tiny, dm::softmax>, tiny>(
      how, {{1, 1}, board}, dm::adamw{.lr = 1e-3},
      {.steps = 20, .batch = 4, .threads = 1, .shards = 1});
  double pushes = 0;
  for (auto const& [tensor, name] : paper::matrices) pushes += rows.back()[name];
  CHECK(rows.back()["all"] != 0);
  CHECK(pushes == Approx(rows.back()["all"]).epsilon(0.02));
  // Per 1000 steps; the later ten of twenty.
  double const change = rows.back()["residual_peak.bos.0"] - rows[10]["residual_peak.bos.0"];
  CHECK(rows.back()["all"] == Approx(100 * change).epsilon(0.02));
}
