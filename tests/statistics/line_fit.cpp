// SPDX-License-Identifier: MIT
// Lines and their intervals: textbook numbers, coverage over many draws, and curves that bend.
#include "dormant/line_fit.hpp"

#include "catch.hpp"
#include "dormant/random.hpp"
#include "error_of.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace dormant;

TEST_CASE("an interval of a mean is Student's", "[statistics]") {
  std::vector<double> const values{1, 2, 3, 4, 5};
  auto const mean = mean_interval(values);
  CHECK(mean.middle == Approx(3).epsilon(1e-14));
  CHECK(mean.high - mean.middle == Approx(2.7764451052 * std::sqrt(0.5)).epsilon(1e-9)); // t(4)
  CHECK(mean.middle - mean.low == Approx(mean.high - mean.middle).epsilon(1e-14));
  CHECK(mean.contains(4.9));
  CHECK_FALSE(mean.contains(5));
  CHECK(mean_interval(std::vector<double>{2}).contains(1e300));
}

TEST_CASE("a line is least squares, with the textbook's interval", "[statistics]") {
  std::vector<double> const x{0, 1, 2, 3}, y{1, 3, 4, 8};
  auto const fit = fit_line(x, y);
  CHECK(fit.slope.middle == Approx(2.2).epsilon(1e-14));
  CHECK(fit.intercept == Approx(0.7).epsilon(1e-13));
  // residuals 0.3, 0.1, -1.1, 0.7; t(2) = 4.30265
  CHECK(fit.slope.high - 2.2 == Approx(4.3026527297 * std::sqrt(1.8 / 2 / 5)).epsilon(1e-9));
}

TEST_CASE("intervals hold the truth nineteen times in twenty", "[statistics]") {
  std::size_t means = 0, slopes = 0;
  constexpr std::size_t trials = 2000;
  std::vector<double> x(6), y(6);
  for (std::size_t i = 0; i < trials; ++i) {
    random_stream draw(1, stream::user, 0, i);
    for (std::size_t n = 0; n < x.size(); ++n) {
      x[n] = static_cast<double>(n);
      y[n] = 5 + draw.normal();
    }
    means += mean_interval(y).contains(5);
    slopes += fit_line(x, y).slope.contains(0);
  }
  CHECK(static_cast<double>(means) / trials == Approx(0.95).margin(0.015));
  CHECK(static_cast<double>(slopes) / trials == Approx(0.95).margin(0.015));
}

TEST_CASE("a slope that is still approached lies within its interval", "[statistics]") {
  std::vector<double> x;
  for (std::size_t n = 0; n < 24; ++n) x.push_back(3 + static_cast<double>(n) / 4);
  std::vector<std::vector<double>> curves(5);
  for (std::size_t c = 0; c < curves.size(); ++c) {
    for (double const at : x)
      curves[c].push_back(0.5 * at + (2 + 0.1 * static_cast<double>(c)) * std::exp(-at));
  }
  auto const slope = slope_interval(x, curves);
  CHECK(slope.contains(0.5));
  CHECK(slope.middle == Approx(0.5).margin(0.005)); // of the later half
  CHECK_FALSE(slope.contains(0.4));
  // The fits alone are sure of something wrong.
  CHECK_FALSE(fit_line(x, curves[0]).slope.contains(0.5));
  for (auto& curve : curves) {
    for (std::size_t n = 0; n < x.size(); ++n) curve[n] -= 0.1 * x[n];
  }
  CHECK(slope_interval(x, curves).middle == Approx(slope.middle - 0.1).epsilon(1e-12));
}

TEST_CASE("points that make no line are refused", "[statistics]") {
  std::vector<double> const one{1}, two{1, 2}, same{3, 3};
  CHECK(error_of([&] { (void)mean_interval({}); }) == "a mean needs at least one value");
  CHECK(error_of([&] { (void)fit_line(one, one); }) ==
        "a line needs at least 2 points, found 1 x and 1 y");
  CHECK(error_of([&] { (void)fit_line(two, one); }) ==
        "a line needs at least 2 points, found 2 x and 1 y");
  CHECK(error_of([&] { (void)fit_line(same, two); }) == "a line needs points at two different x");
  std::vector<std::vector<double>> const curves{{1, 2, 3}};
  std::vector<double> const four{1, 2, 3, 4};
  CHECK(error_of([&] { (void)slope_interval(two, curves); }) ==
        "a slope needs at least 4 points, found 2");
  CHECK(error_of([&] { (void)slope_interval(four, curves); }) == "a curve has 3 points for 4 x");
}
