// SPDX-License-Identifier: MIT
// The sign-flip test: by hand, against counting one by one, and as often wrong as it says.
#include "dormant/paired_test.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "statistics/uniformity.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace dormant;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> normal_differences(std::size_t n, std::uint64_t trial, double shift = 0) {
  random_stream draw(5, stream::user, 77, trial);
  std::vector<double> out(n);
  for (double& d : out) d = shift + draw.normal();
  return out;
}

/// Small whole numbers, so that sums are exact and ties are many.
std::vector<double> whole_differences(std::size_t n, std::uint64_t trial) {
  random_stream draw(6, stream::user, 77, trial);
  std::vector<double> out(n);
  for (double& d : out) d = static_cast<double>(draw.below(9)) - 3;
  return out;
}

double statistic_of(std::vector<double> const& d, center of) {
  if (of == center::median) return median(d);
  double sum = 0;
  for (double const v : d) sum += v;
  return sum / static_cast<double>(d.size());
}

double counted_one_by_one(std::vector<double> const& d, sign_flips const& how) {
  double const seen = statistic_of(d, how.of);
  std::size_t far = 0;
  auto const all = std::size_t{1} << d.size();
  for (std::size_t signs = 0; signs < all; ++signs) {
    auto other = d;
    for (std::size_t i = 0; i < d.size(); ++i)
      if ((signs >> i & 1) != 0) other[i] = -d[i];
    double const s = statistic_of(other, how.of);
    far += how.tail == tail::upper   ? s >= seen
           : how.tail == tail::lower ? s <= seen
                                     : std::abs(s) >= std::abs(seen);
  }
  return static_cast<double>(far) / static_cast<double>(all);
}

} // namespace

TEST_CASE("sign flips of three differences are counted by hand", "[paired_test]") {
  auto const all = sign_flip_test({1, 2, 3});
  CHECK(all.statistic == 2);
  CHECK(all.p == 1.0 / 8);
  CHECK(all.exact);
  CHECK(sign_flip_test({1, 2, 3}, {.tail = tail::lower}).p == 1);
  CHECK(sign_flip_test({1, 2, 3}, {.tail = tail::both}).p == 2.0 / 8);
  CHECK(sign_flip_test({-1, -2, -3}, {.tail = tail::lower}).p == 1.0 / 8);
  // 6, 4, 2, 0, 0, -2, -4, -6
  CHECK(sign_flip_test({1, 2, -3}).p == 5.0 / 8);
  CHECK(sign_flip_test({1, 2, -3}, {.tail = tail::both}).p == 1);
  CHECK(sign_flip_test({5}).p == 0.5);
  CHECK(sign_flip_test({0, 0}).p == 1);
}

TEST_CASE("sums that are equal but for rounding are equal", "[paired_test]") {
  CHECK(0.1 + 0.2 - 0.3 != 0);
  for (double const scale : {1e-300, 1.0, 1e300})
    CHECK(sign_flip_test({0.1 * scale, 0.2 * scale, -0.3 * scale}).p == 5.0 / 8);
}

TEST_CASE("all signs are counted, those of means and of medians, odd and even, with ties",
          "[paired_test]") {
  for (std::size_t const n : {1u, 2u, 5u, 8u, 9u}) {
    for (std::uint64_t trial = 0; trial < 8; ++trial) {
      for (auto const of : {center::mean, center::median}) {
        for (auto const side : {tail::upper, tail::lower, tail::both}) {
          auto const d = whole_differences(n, trial);
          sign_flips const how{.of = of, .tail = side};
          auto const found = sign_flip_test(d, how);
          CHECK(found.exact);
          CHECK(found.statistic == statistic_of(d, of));
          CHECK(found.p == counted_one_by_one(d, how));
        }
      }
    }
  }
}

TEST_CASE("twenty differences of one sign have a p of 2^-20, forty one of 2^-40", "[paired_test]") {
  for (std::size_t const n : {20u, 33u, 40u}) {
    std::vector<double> d(n);
    for (std::size_t i = 0; i < n; ++i) d[i] = 1 + 0.1 * static_cast<double>(i);
    CHECK(sign_flip_test(d).p == std::ldexp(1, -static_cast<int>(n)));
  }
}

TEST_CASE("a median does not ask for the signs of the smaller half", "[paired_test][slow]") {
  for (std::size_t const n : {1u, 4u, 9u, 20u}) {
    std::vector<double> d(n);
    for (std::size_t i = 0; i < n; ++i) d[i] = 1 + 0.1 * static_cast<double>(i);
    CHECK(sign_flip_test(d, {.of = center::median}).p ==
          std::ldexp(1, -static_cast<int>(n / 2 + 1)));
  }
}

TEST_CASE("drawn signs give nearly the p of all signs, and the same one for the same seed",
          "[paired_test]") {
  auto const d = normal_differences(60, 3, 0.2);
  auto const found = sign_flip_test(d);
  CHECK_FALSE(found.exact);
  double sum = 0, square = 0;
  for (double const v : d) {
    sum += v;
    square += v * v;
  }
  // Of 60 differences the sum is nearly normal.
  CHECK(found.p == Approx(0.5 * std::erfc(sum / std::sqrt(2 * square))).epsilon(0.1));
  CHECK(sign_flip_test(d).p == found.p);
  CHECK(sign_flip_test(d, {.seed = 1}).p != found.p);
  // Never 0, however far out.
  CHECK(sign_flip_test(std::vector<double>(70, 1.0), {.draws = 99}).p == 0.01);
}

TEST_CASE("drawn signs give the p of a median that binomial coefficients do", "[paired_test]") {
  auto const d = normal_differences(21, 4, 0.3);
  auto const found = sign_flip_test(d, {.of = center::median});
  CHECK_FALSE(found.exact);
  REQUIRE(found.statistic > 0);
  // Eleven of those at least as large as the median have to be above zero.
  std::size_t large = 0;
  for (double const v : d) large += std::abs(v) >= found.statistic ? 1 : 0;
  double share = 0;
  for (std::size_t k = 11; k <= large; ++k) {
    double ways = 1;
    for (std::size_t i = 0; i < k; ++i)
      ways *= static_cast<double>(large - i) / static_cast<double>(i + 1);
    share += std::ldexp(ways, -static_cast<int>(large));
  }
  CHECK(found.p == Approx(share).margin(4 * std::sqrt(share / 1e5)));
}

TEST_CASE("a run that failed is no run without a difference", "[paired_test]") {
  for (double const bad : {missing, infinity, -infinity}) {
    auto const found = sign_flip_test({1, bad, 2});
    CHECK(std::isnan(found.p));
    CHECK(std::isnan(found.statistic));
  }
  CHECK(std::isnan(sign_flip_test({1e308, 1e308}).p)); // whose sum is too large
  CHECK(std::isnan(sign_flip_test({}).p));
}

TEST_CASE("where there is no difference, p-values are uniform", "[paired_test][calibration]") {
  std::vector<double> mean, both, middle, drawn;
  for (std::uint64_t trial = 0; trial < 1500; ++trial) {
    auto const d = normal_differences(12, trial);
    mean.push_back(sign_flip_test(d).p);
    both.push_back(sign_flip_test(d, {.tail = tail::both}).p);
    middle.push_back(sign_flip_test(normal_differences(8, trial), {.of = center::median}).p);
    drawn.push_back(sign_flip_test(normal_differences(45, trial), {.draws = 199}).p);
  }
  CHECK(distance_from_uniform(mean) < 1.63);
  CHECK(distance_from_uniform(both) < 1.63);
  CHECK(distance_from_uniform(drawn) < 1.63);
  CHECK(excess_of_small(middle) < 1.63);
}

TEST_CASE("where there is one, p-values are small", "[paired_test][calibration]") {
  std::size_t found = 0;
  for (std::uint64_t trial = 0; trial < 400; ++trial)
    found += sign_flip_test(normal_differences(20, trial, 0.8)).p <= 0.05 ? 1 : 0;
  CHECK(static_cast<double>(found) / 400 == Approx(0.964).margin(0.03)); // of Student's test
}

TEST_CASE("a step that neither run reached makes no difference, one that one of them reached all",
          "[paired_test]") {
  auto const d =
      differences_of({infinity, infinity, 3, missing}, {infinity, 5, infinity, infinity});
  CHECK((d[0] == 0 && d[1] == infinity && d[2] == -infinity));
  CHECK(std::isnan(d[3]));
}

TEST_CASE("a median difference is that of pairs", "[paired_test]") {
  auto const found = median_difference({10, 22, 31, 45}, {9, 20, 30, 40}, {.share = 0.9});
  CHECK(found.middle == 1.5);
  CHECK(found.low == 1);
  CHECK(found.high == 5);
  CHECK(std::isnan(median_difference({1, missing}, {0, 0}).middle));
  CHECK(error_of([] {
          (void)median_difference({1, 2}, {1});
        }) == "pairs need as many of either kind, found 2 and 1");
}

TEST_CASE("the interval of a median difference holds the true one about as often as it says",
          "[paired_test][calibration]") {
  std::size_t held = 0;
  for (std::uint64_t trial = 0; trial < 400; ++trial) {
    auto const a = normal_differences(20, trial, 3);
    std::vector<double> const b(20, 1.0);
    held += median_difference(a, b, {.resamples = 400, .seed = trial}).contains(2) ? 1 : 0;
  }
  CHECK(static_cast<double>(held) / 400 == Approx(0.94).margin(0.03));
}
