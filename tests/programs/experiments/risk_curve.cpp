// SPDX-License-Identifier: MIT
// Runs compared where they have learnt as much, and runs that do not get there.
#include "experiments/risk_curve.hpp"
#include "catch.hpp"

#include <cmath>
#include <initializer_list>
#include <utility>
#include <vector>

namespace {

paper::curve curve_of(std::initializer_list<std::pair<double, double>> risk_and_peak) {
  paper::curve rows;
  for (auto const& [risk, peak] : risk_and_peak) {
    auto& row = rows.emplace_back();
    row.add("step", 10.0 * static_cast<double>(rows.size() - 1));
    row.add("risk.backcopy", risk);
    row.add("peak", peak);
  }
  return rows;
}

} // namespace

TEST_CASE("risk curve: a number is read where the risk is first as low, between two measurements") {
  // The risk falls by a factor of 100 from 1 to .01: at .1 it is half way, in its log.
  auto const run = curve_of({{4, 1}, {1, 2}, {0.01, 4}, {2, 9}, {0.001, 5}});
  CHECK(paper::when_risk_is(0.1, run, "peak") == Approx(3));
  CHECK(paper::when_risk_is(0.1, run, "step") == Approx(15));
  CHECK(paper::when_risk_is(1, run, "peak") == Approx(2));
  CHECK(paper::when_risk_is(5, run, "peak") == Approx(1)); // from the start
  CHECK(paper::when_risk_is(0.01, run, "peak") == Approx(4));
  CHECK(std::isnan(paper::when_risk_is(1e-4, run, "peak")));
}

TEST_CASE("risk curve: runs that do not get there are NaN, to be counted, and can be left out") {
  paper::runs const runs({"a"}, {{curve_of({{1, 1}, {0.1, 2}}), curve_of({{1, 3}, {0.5, 4}})}});
  auto const there = paper::when_risk_is(0.1, runs, 0, "peak");
  REQUIRE(there.size() == 2);
  CHECK(there[0] == Approx(2));
  CHECK(std::isnan(there[1]));
  CHECK(paper::reached(there) == std::vector<double>{there[0]});
}

TEST_CASE("risk curve: where fewer than half of the runs get, the line has a gap") {
  paper::runs const runs({"a"}, {{curve_of({{1, 1}, {0.1, 2}}), curve_of({{1, 3}, {0.5, 4}}),
                                  curve_of({{1, 5}, {0.01, 6}})}});
  auto const line = paper::over_risk({1, 0.1, 0.01}, runs, 0, "peak", "of a");
  CHECK(line.x == std::vector<double>{1, 0.1, 0.01});
  CHECK(line.y[0] == Approx(3));
  CHECK(line.y[1] == Approx((2 + 5.5) / 2)); // two of three
  CHECK(std::isnan(line.y[2]));              // one of three
}
