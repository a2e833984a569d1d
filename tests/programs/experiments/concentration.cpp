// SPDX-License-Identifier: MIT
// How concentrated the published sink logits are, by step and by
// their mean; local slopes of theory.
#include "experiments/concentration.hpp"

#include "catch.hpp"
#include "experiments/minimal_runs.hpp"

#include <cmath>

TEST_CASE("concentration: the published spread over mean is that of its own quantiles") {
  auto const there = paper::concentration_as_published();
  CHECK(there.at_step(1000) == Approx(1.058).margin(1e-3)); // (14.42 - 4.16) / 9.7
  CHECK(there.at_step(10'000) == Approx(0.676).margin(1e-3));
  CHECK(there.at_step(199'000) == Approx(0.321).margin(1e-3));
  CHECK(std::isnan(there.at_step(100))); // no sink yet
  CHECK(std::isnan(there.at_step(101)));
}

TEST_CASE("concentration: it is compared at the first step with the same mean") {
  paper::published_concentration const there{{0, 1, 2, 3, 4}, {0, 1, 3, 2, 5}, {NAN, 6, 4, 5, 2}};
  CHECK(std::isnan(there.at_mean(0.5))); // there is no sink yet
  CHECK(there.at_mean(2) == 5);          // on the way up
  CHECK(there.at_mean(3) == 4);
  CHECK(there.at_mean(3.5) == Approx(3.5)); // from 2 at step 3 to 5
  CHECK(std::isnan(there.at_mean(6)));
  CHECK(std::isnan(there.at_mean(-1)));
  CHECK(std::isnan(there.at_mean(NAN)));
}

TEST_CASE("theory: the local slope is the gain per unit of ln(step), by the rows around") {
  paper::curve rows(5);
  for (std::size_t n = 0; n < rows.size(); ++n) {
    double const ln_step = 2.0 * static_cast<double>(n);
    rows[n].add("step", std::exp(ln_step));
    rows[n].add("alpha", 0.5 * ln_step + 0.1 * ln_step * ln_step);
  }
  paper::minimal::add_local_slope(rows, "alpha");
  CHECK(rows[2]["slope"] == Approx(0.5 + 0.2 * 4));
  CHECK(rows[0]["slope"] == Approx(0.5 + 0.2 * 1)); // halfway to the next
  CHECK(rows[4]["slope"] == Approx(0.5 + 0.2 * 7));
}
