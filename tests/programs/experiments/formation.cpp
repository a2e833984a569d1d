// SPDX-License-Identifier: MIT
// When something forms, and whether two things do so together.
#include "experiments/formation.hpp"

#include "catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace {
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
std::vector<double> const steps{0, 2, 4, 6, 8};
} // namespace

TEST_CASE("formation: half of the way is counted from the farthest point, up or down") {
  CHECK(paper::half_way(steps, std::vector<double>{0, 0, 1, 3, 4}) == 6);
  // From the height at step 2, not from the start: 9 to 1 is half done at 5.
  CHECK(paper::half_way(steps, std::vector<double>{5, 9, 6, 4, 1}) == 6);
  CHECK(paper::half_way(steps, std::vector<double>{-5, -9, -6, -4, -1}) == 6);
}

TEST_CASE("formation: what does not change, or is no number, has no step") {
  CHECK(std::isnan(paper::half_way(steps, std::vector<double>{3, 3, 3, 3, 3})));
  CHECK(std::isnan(paper::half_way(steps, std::vector<double>{0, nan, 1, 2, 3})));
  CHECK(std::isnan(paper::half_way({}, {})));
}

TEST_CASE("formation: seeds that lack one of two are counted, the others are compared in pairs") {
  auto const near = paper::formed_together({100, 200, nan, 50, 100}, {110, 220, 7, nan, 110}, 0.11);
  CHECK(near.without == 2);
  REQUIRE(near.later.size() == 3);
  CHECK(near.later[1] == Approx(0.1));
  CHECK(near.test.shown());
  CHECK(paper::formed_together({100, 200, 50}, {110, 220, 55}, 0.05).test.refuted());
}
