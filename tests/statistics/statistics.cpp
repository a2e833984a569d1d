// SPDX-License-Identifier: MIT
// Medians, quantiles, bands and means against numbers worked out by hand.
#include "dormant/statistics.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace dormant;

namespace {
constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
} // namespace

TEST_CASE("a median is the middle value, or lies between the middle two", "[statistics]") {
  CHECK(median({7}) == 7);
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 3, 2}) == 2.5);
  CHECK(median({1, 1, 1, 9}) == 1);
}

TEST_CASE("quantiles interpolate between the nearest values, in any order", "[statistics]") {
  std::vector<double> values{1, 2, 4, 8};
  do {
    CHECK(quantile(values, 0) == 1);
    CHECK(quantile(values, 0.1) == Approx(1.3).epsilon(1e-14));
    CHECK(quantile(values, 1.0 / 3) == Approx(2).epsilon(1e-14));
    CHECK(quantile(values, 0.5) == 3);
    CHECK(quantile(values, 0.9) == Approx(6.8).epsilon(1e-14));
    CHECK(quantile(values, 1) == 8);
  } while (std::ranges::next_permutation(values).found);
}

TEST_CASE("a band spans from the lowest tenth to the highest", "[statistics]") {
  std::vector<double> values(11);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(10 - i);
  auto const b = band_of(values);
  CHECK(b.low == 1);
  CHECK(b.middle == 5);
  CHECK(b.high == 9);
  auto const one = band_of({3});
  CHECK((one.low == 3 && one.middle == 3 && one.high == 3));
}

TEST_CASE("what is missing stays missing, what is infinite stays infinite", "[statistics]") {
  CHECK(std::isnan(median({})));
  CHECK(std::isnan(median({1, missing, 2})));
  CHECK(std::isnan(quantile({missing, 1, 2, 3}, 0.9)));
  CHECK(std::isnan(quantile({1, 2, 3, missing}, 0.1)));
  CHECK(quantile({-infinity, 1, 2}, 0) == -infinity);
  CHECK(std::isnan(band_of({missing}).low));
  CHECK(std::isnan(band{}.middle));
  CHECK(median({1, 2, infinity}) == 2);
  CHECK(quantile({1, infinity, infinity}, 0.9) == infinity);
  CHECK(quantile({1, infinity}, 0.1) == infinity);
}

TEST_CASE("a mean has its standard error and a bootstrap interval around it", "[statistics]") {
  auto const m = mean_of({1, 2, 3, 6});
  CHECK(m.mean == 3);
  CHECK(m.standard_error == Approx(std::sqrt(14.0 / 3 / 4)).epsilon(1e-14));
  // Means of two values drawn from {0, 1} are 0, 1/2 and 1 with probabilities 1/4, 1/2 and 1/4.
  auto const two = mean_of({0, 1}, {.share = 0.4});
  CHECK((two.low == 0.5 && two.high == 0.5));
  auto const wide = mean_of({0, 1}, {.share = 0.6});
  CHECK((wide.low == 0 && wide.high == 1));
  auto const same = mean_of(std::vector<double>(7, 2.5));
  CHECK((same.mean == 2.5 && same.standard_error == 0 && same.low == 2.5 && same.high == 2.5));
}

TEST_CASE("a bootstrap interval is that of the normal law where there are many values",
          "[statistics]") {
  std::vector<double> values(400);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>((i * i) % 97);
  auto const m = mean_of(values);
  CHECK(m.low == Approx(m.mean - 1.96 * m.standard_error).epsilon(0.01));
  CHECK(m.high == Approx(m.mean + 1.96 * m.standard_error).epsilon(0.01));
  auto const again = mean_of(values);
  CHECK((again.low == m.low && again.high == m.high)); // the same seed
  CHECK(mean_of(values, {.seed = 1}).low != m.low);
}

TEST_CASE("a mean of too few values, or of one that is missing, says so", "[statistics]") {
  CHECK(std::isnan(mean_of({}).mean));
  auto const one = mean_of({3});
  CHECK(one.mean == 3);
  CHECK((std::isnan(one.standard_error) && std::isnan(one.low) && std::isnan(one.high)));
  auto const failed = mean_of({1, missing, 2});
  CHECK((std::isnan(failed.mean) && std::isnan(failed.standard_error) && std::isnan(failed.low)));
  CHECK(mean_of({1, infinity}).mean == infinity);
}

TEST_CASE("a median has a bootstrap interval around it", "[statistics]") {
  // Medians of three values drawn from {0, 1, 5}: 0, 1 and 5 with
  // probabilities 7/27, 13/27 and 7/27.
  auto const narrow = median_interval({0, 1, 5}, {.share = 0.4});
  CHECK((narrow.low == 1 && narrow.middle == 1 && narrow.high == 1));
  auto const wide = median_interval({5, 0, 1}, {.share = 0.6});
  CHECK((wide.low == 0 && wide.middle == 1 && wide.high == 5));
  auto const one = median_interval({3});
  CHECK((one.low == -infinity && one.middle == 3 && one.high == infinity));
  CHECK(std::isnan(median_interval({}).low));
  CHECK(std::isnan(median_interval({1, missing}).high));
}
