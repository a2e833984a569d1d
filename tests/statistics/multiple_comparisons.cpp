// SPDX-License-Identifier: MIT
// Adjusted p-values: by hand, and that false findings come no more often than they say.
#include "dormant/multiple_comparisons.hpp"

#include "catch.hpp"
#include "dormant/random.hpp"
#include "error_of.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

using namespace dormant;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

void same(std::vector<double> const& found, std::vector<double> const& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO("number " << i);
    if (std::isnan(expected[i]))
      CHECK(std::isnan(found[i]));
    else
      CHECK(found[i] == Approx(expected[i]).epsilon(1e-13));
  }
}

using adjustment = std::function<std::vector<double>(std::vector<double>)>;

struct errors {
  double any = 0;   ///< share of grids with a false finding
  double share = 0; ///< of false ones among the findings, on average
  double found = 0; ///< of the true ones
};

/// 800 grids of 20 tests at 5%; in the first `real` of them there is something to be found.
errors of_grids(adjustment const& adjust, std::size_t real, double together = 0) {
  errors out;
  constexpr std::size_t grids = 800, tests = 20;
  for (std::uint64_t g = 0; g < grids; ++g) {
    random_stream draw(12, stream::user, 77, g);
    double const common = draw.normal();
    std::vector<double> p(tests);
    for (std::size_t i = 0; i < tests; ++i) {
      double const z = std::sqrt(1 - together) * draw.normal() + std::sqrt(together) * common;
      p[i] = 0.5 * std::erfc((z + (i < real ? 4 : 0)) / std::sqrt(2));
    }
    double wrong = 0, right = 0;
    auto const adjusted = adjust(p);
    for (std::size_t i = 0; i < tests; ++i)
      (i < real ? right : wrong) += adjusted[i] <= 0.05 ? 1 : 0;
    out.any += (wrong > 0 ? 1.0 : 0.0) / grids;
    out.share += (wrong > 0 ? wrong / (wrong + right) : 0) / grids;
    out.found += right / static_cast<double>(real * grids);
  }
  return out;
}

} // namespace

TEST_CASE("adjusted p-values of a textbook's example", "[multiple_comparisons]") {
  // 0.005 * 4, 0.01 * 3, 0.03 * 2, 0.04 * 1 but not below the one before.
  same(holm({0.01, 0.04, 0.03, 0.005}), {0.03, 0.06, 0.06, 0.02});
  // 0.005 * 4, 0.01 * 4/2, 0.03 * 4/3, 0.04 * 1.
  same(benjamini_hochberg({0.01, 0.04, 0.03, 0.005}), {0.02, 0.04, 0.04, 0.02});
  double const sum = 1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4;
  same(benjamini_yekutieli({0.01, 0.04, 0.03, 0.005}),
       {0.02 * sum, 0.04 * sum, 0.04 * sum, 0.02 * sum});
  same(benjamini_hochberg({0.9, 0.02, 0.03}), {0.9, 0.045, 0.045});
  same(holm({0.7, 0.6, 0.001}), {1, 1, 0.003}); // none above 1
  same(benjamini_yekutieli({0.9, 0.8}), {1, 1});
  same(holm({0.02}), {0.02});
  same(holm({}), {});
  same(holm({0, 1}), {0, 1});
}

TEST_CASE("what could not be tested stays NaN and is no test", "[multiple_comparisons]") {
  for (adjustment const& adjust :
       {adjustment(holm), adjustment(benjamini_hochberg), adjustment(benjamini_yekutieli)}) {
    auto const without = adjust({0.01, 0.03, 0.2});
    same(adjust({missing, 0.01, missing, 0.03, 0.2}),
         {missing, without[0], missing, without[1], without[2]});
    same(adjust({missing}), {missing});
    CHECK(error_of([&] {
            (void)adjust({0.5, missing, 1.5});
          }) == "a p-value lies between 0 and 1, but number 2 is 1.5");
    CHECK(error_of([&] { (void)adjust({-0.1}); }) ==
          "a p-value lies between 0 and 1, but number 0 is -0.1");
  }
}

TEST_CASE("equal p-values are adjusted alike, and order is kept", "[multiple_comparisons]") {
  same(benjamini_hochberg({0.02, 0.02, 0.02, 0.02}), {0.02, 0.02, 0.02, 0.02});
  same(holm({0.02, 0.5, 0.02}), {0.06, 0.5, 0.06});
}

TEST_CASE("false findings come about as often as the level says",
          "[multiple_comparisons][calibration]") {
  auto const none = [](std::vector<double> p) { return p; };
  CHECK(of_grids(none, 1).any > 0.5); // 1 - .95^19 = .62
  for (double const together : {0.0, 0.5}) {
    INFO("correlation " << together);
    auto const strict = of_grids(holm, 4, together);
    CHECK(strict.any < 0.065);
    CHECK(strict.found > 0.8);
    auto const loose = of_grids(benjamini_hochberg, 4, together);
    CHECK(loose.share < 0.055);
    CHECK(loose.found > strict.found);
    CHECK(of_grids(benjamini_yekutieli, 4, together).share < 0.02);
  }
  CHECK(of_grids(holm, 4).any > 0.03); // 16/17 of 5% and more
  CHECK(of_grids(benjamini_hochberg, 4).any > 0.08);
  CHECK(of_grids(benjamini_hochberg, 4).share == Approx(0.04).margin(0.012)); // 16/20 of 5%
}
