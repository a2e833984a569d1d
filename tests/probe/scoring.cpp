// SPDX-License-Identifier: MIT
// The area under the ROC curve and Cohen's kappa against their definitions, pair by pair.
#include "dormant/probe/scoring.hpp"
#include "dormant/random.hpp"

#include "catch.hpp"

#include <cmath>
#include <limits>

using namespace dormant;

TEST_CASE("ranking: the area is the share of pairs in order, ties are half a pair") {
  ranking<double> scores;
  CHECK(std::isnan(scores.auc()));
  for (double const x : {3., 2., 2., 0.}) scores.add(true, x);
  CHECK(std::isnan(scores.auc())); // no pair yet
  for (double const x : {1., 2., -5.}) scores.add(false, x);
  // 3 and 2, 2 against 1: above; 0: below; against 2: above, tie, tie, below; against -5: above.
  CHECK(scores.auc() == Approx((3 + 2 + 4) / 12.));

  ranking<double> drawn;
  random_stream draw(1, stream::user, 0, 0);
  for (int i = 0; i < 200; ++i) drawn.add(draw.below(3) == 0, static_cast<double>(draw.below(40)));
  double above = 0;
  for (double const p : drawn.positive) {
    for (double const n : drawn.negative) above += p > n ? 1 : p == n ? 0.5 : 0;
  }
  CHECK(drawn.auc() == above / double(drawn.positive.size() * drawn.negative.size()));
}

TEST_CASE("ranking: infinities have their place, a NaN has none") {
  double const infinity = std::numeric_limits<double>::infinity();
  ranking<float> scores;
  scores.add(true, infinity);
  scores.add(false, -infinity);
  scores.add(false, infinity);
  CHECK(scores.auc() == 0.75);
  auto of_positives = scores, of_negatives = scores;
  of_positives.add(true, std::nan(""));
  of_negatives.add(false, std::nan(""));
  CHECK(std::isnan(of_positives.auc()));
  CHECK(std::isnan(of_negatives.auc()));
}

TEST_CASE("agreement: kappa of a table that is worked out by hand") {
  agreement<2> judges; // 20 yes both, 5 the first alone, 10 the second alone, 15 neither
  for (int i = 0; i < 50; ++i) judges.add({i < 25, i < 20 || i >= 40});
  CHECK(judges.kappa(0, 1) == Approx(0.4)); // p_o .7, p_e .5
  CHECK(judges.kappa(1, 0) == judges.kappa(0, 1));
  CHECK(judges.kappa(1, 1) == Approx(1));
  agreement<2> opposed, alike;
  for (int i = 0; i < 10; ++i) opposed.add({i < 5, i >= 5}), alike.add({true, true});
  CHECK(opposed.kappa(0, 1) == Approx(-1));
  CHECK(std::isnan(alike.kappa(0, 1)));
  CHECK(std::isnan(agreement<2>{}.kappa(0, 1)));
}
