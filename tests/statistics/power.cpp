// SPDX-License-Identifier: MIT
// Power: against published tables, against simulated studies, and where there is none.
#include "dormant/power.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace dormant;

namespace {

std::vector<double> normals(std::size_t n, std::uint64_t trial, double shift = 0) {
  random_stream draw(13, stream::user, 77, trial);
  std::vector<double> out(n);
  for (double& v : out) v = shift + draw.normal();
  return out;
}

} // namespace

TEST_CASE("n pairs can give no p below 2^-n", "[power]") {
  CHECK(smallest_p(5) == 1.0 / 32);
  CHECK(smallest_p(5) == sign_flip_test({1, 2, 3, 4, 5}).p);
  CHECK(smallest_p(5, tail::both) == sign_flip_test({1, 2, 3, 4, 5}, {.tail = tail::both}).p);
  CHECK(smallest_p(20) == Approx(9.5e-7).epsilon(0.01));
  CHECK((smallest_p(0) == 1 && smallest_p(0, tail::both) == 1));
  CHECK(smallest_p(100'000) == 0);
}

TEST_CASE("the difference that pairs can show is that of published tables", "[power]") {
  // Cohen 1988 and G*Power: one-sided test of pairs, 5%, power 0.8.
  CHECK(detectable_deviations(27) == Approx(0.4915).margin(0.001));
  CHECK(power_of(0.5, 27) == Approx(0.8118).margin(0.0005));
  CHECK(power_of(0.5, 26) == Approx(0.7981).margin(0.001));
  CHECK(power_of(0, 20) == Approx(0.05).epsilon(1e-9));
  CHECK(power_of(0, 20, 0.01) == Approx(0.01).epsilon(1e-9));
  CHECK(power_of(detectable_deviations(20), 20) == Approx(0.8).epsilon(1e-7));
  CHECK(detectable_deviations(10'000) == Approx((1.64485 + 0.84162) / 100).epsilon(0.001));
  CHECK(detectable_deviations(20, {.power = 0.95}) > detectable_deviations(20));
  CHECK(detectable_deviations(20, {.level = 0.01}) > detectable_deviations(20));
  CHECK(detectable_deviations(2) > detectable_deviations(3));
}

TEST_CASE("levels that hardly any spread reaches have a power too", "[power]") {
  double const far = detectable_deviations(2, {.level = 1e-9});
  CHECK(power_of(far, 2, 1e-9) == Approx(0.8).epsilon(1e-6));
  CHECK(detectable_deviations(2, {.level = 1e-8}) == Approx(far / 10).epsilon(1e-3));
  CHECK(detectable_deviations(2, {.level = 1e-3}) == Approx(far / 1e6).epsilon(1e-2));
  CHECK((power_of(1e300, 20) == 1 && power_of(-1e300, 20) == 0));
  double const infinity = std::numeric_limits<double>::infinity();
  CHECK((power_of(infinity, 20) == 1 && power_of(-infinity, 20) == 0));
}

TEST_CASE("a difference that can be shown has the unit of the differences and an interval",
          "[power]") {
  std::vector<double> const d{1, 3, 2, 6, 3, 3}; // mean 3, squares 4 + 1 + 9 = 14
  auto const found = detectable_difference(d);
  double const one = detectable_deviations(6);
  CHECK(found.middle == Approx(one * std::sqrt(14.0 / 5)).epsilon(1e-12));
  CHECK(found.low == Approx(one * std::sqrt(14 / 12.8325)).epsilon(1e-5)); // chi-squared of 5
  CHECK(found.high == Approx(one * std::sqrt(14 / 0.831212)).epsilon(1e-5));
  auto moved = d;
  for (double& v : moved) v = 10 * v + 1000;
  CHECK(detectable_difference(moved).middle == Approx(10 * found.middle).epsilon(1e-9));
  CHECK(detectable_difference({2, 2, 2}).middle == 0); // any difference would have shown
}

TEST_CASE("the interval of what can be shown holds the truth as often as it says",
          "[power][calibration][slow]") {
  std::size_t held = 0;
  double const truth = detectable_deviations(12); // of a spread of 1
  for (std::uint64_t trial = 0; trial < 150; ++trial)
    held += detectable_difference(normals(12, trial)).contains(truth) ? 1 : 0;
  CHECK(static_cast<double>(held) / 150 == Approx(0.95).margin(0.04));
}

TEST_CASE("the sign-flip test finds what Student's would", "[power][calibration]") {
  auto const pilot = normals(300, 1, 7); // whose mean does not count
  double mean = 0, square = 0;
  for (double const d : pilot) mean += d / 300;
  for (double const d : pilot) square += (d - mean) * (d - mean) / 300;
  for (double const size : {0.0, 0.3, 0.6}) {
    auto const found = power_of_sign_flips(pilot, size * std::sqrt(square), 16);
    CHECK(found.contains(power_of(size, 16)));
    CHECK(found.high - found.low < 0.07);
  }
  double last = 0;
  for (int step = 0; step < 30; ++step) { // a curve that does not fall
    double const truth = 0.05 * step;
    auto const found = power_of_sign_flips({1, 2, 4, 1, -3}, truth, 12, {.trials = 200});
    CHECK(found.middle >= last);
    last = found.middle;
  }
  CHECK(power_of_sign_flips({1, 2, 4}, 1e6, 4).middle == 0); // four pairs cannot show 5%
  CHECK(power_of_sign_flips({1, 2, 4}, 1e6, 5).middle == 1);
}

TEST_CASE("what tells no spread has no power", "[power]") {
  double const missing = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(detectable_deviations(1)));
  CHECK(std::isnan(power_of(1, 1)));
  CHECK(std::isnan(power_of(missing, 10)));
  CHECK(std::isnan(detectable_difference({}).middle));
  CHECK(std::isnan(detectable_difference({1}).high));
  CHECK(std::isnan(detectable_difference({1, missing, 2}).low));
  CHECK(std::isnan(power_of_sign_flips({1, missing}, 1, 5).middle));
  CHECK(std::isnan(power_of_sign_flips({}, 1, 5).middle));
  CHECK(error_of([] { (void)detectable_deviations(5, {.power = 0.01}); }) ==
        "a power lies between the level and 1, but here are a level of 0.05 and a power of 0.01");
  CHECK(error_of([] { (void)power_of(1, 5, 0); }) == "a level lies between 0 and 1, but here is 0");
}
