// SPDX-License-Identifier: MIT
// Equivalence within a margin: shown, refuted, or neither, and how often by mistake.
#include "dormant/equivalence.hpp"

#include "catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace dormant;

TEST_CASE("an interval inside the margin shows equivalence, one beyond it a difference",
          "[statistics]") {
  std::vector<double> const near{0.1, -0.1, 0.2, -0.2, 0.1, -0.1, 0, 0};
  CHECK(equivalence_of(near, 0.3).shown());
  CHECK(equivalence_of(near, 0.3).in_words() == "equivalent within the margin");
  CHECK(equivalence_of(near, 0.05).in_words() == "undecided"); // the interval is wider than that

  for (double const sign : {1.0, -1.0}) {
    auto far = near;
    for (double& d : far) d = sign * (d + 1);
    CHECK(equivalence_of(far, 0.3).refuted());
    CHECK_FALSE(equivalence_of(far, 0.3).shown());
    CHECK(equivalence_of(far, 0.3).in_words() == "differs by more than the margin");
    CHECK(equivalence_of(far, 1).in_words() == "undecided"); // the margin is within the interval
    CHECK(equivalence_of(far, 2).shown()); // different from 0, and not by enough to matter
  }
}

TEST_CASE("too few pairs decide nothing", "[statistics]") {
  CHECK(equivalence_of({}, 1).in_words() == "undecided");
  CHECK(equivalence_of({0}, 1).in_words() == "undecided");
  CHECK(equivalence_of({0, std::numeric_limits<double>::quiet_NaN()}, 1).in_words() == "undecided");
}

TEST_CASE("a difference as large as the margin is called equivalent in about one case of twenty",
          "[statistics][slow]") {
  int shown = 0;
  constexpr std::size_t trials = 500, pairs = 20;
  for (std::size_t i = 0; i < trials; ++i) {
    random_stream draw(2, stream::user, 0, i);
    std::vector<double> differences;
    for (std::size_t n = 0; n < pairs; ++n) differences.push_back(3 + draw.normal());
    shown += equivalence_of(differences, 3).shown() ? 1 : 0;
  }
  // 5%, and a little more because a bootstrap interval of twenty values is a little too narrow.
  CHECK(shown > 0.02 * trials);
  CHECK(shown < 0.10 * trials);
}
