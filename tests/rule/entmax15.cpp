// SPDX-License-Identifier: MIT
// relu(s / 2 - t)^2 that sums to one: against a bisection, the laws of a rule, and those of a part.
#include "dormant/rule/entmax15.hpp"

#include "rule_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace rule_testing;

namespace {

/// The same by halving an interval until nothing is between its ends.
std::vector<double> by_bisection(std::vector<double> const& s) {
  double const top = *std::max_element(s.begin(), s.end());
  auto const weight = [&](double x, double t) {
    double const over = std::fmax(0, 0.5 * (x - top) - t);
    return over * over;
  };
  double low = -1, high = 0;
  for (double t = -0.5; low < t && t < high; t = low + (high - low) / 2) {
    double sum = 0;
    for (double const x : s) sum += weight(x, t);
    (sum > 1 ? low : high) = t;
  }
  std::vector<double> a;
  for (double const x : s) a.push_back(weight(x, low));
  return a;
}

} // namespace

TEST_CASE("entmax15: the laws of a rule, at two widths of SIMD") {
  CHECK(attention_rule_laws<entmax15>({.longest = 40}));
  CHECK((attention_rule_laws<entmax15, xsimd::sse2>()));
}

TEST_CASE("entmax15: the laws of a part") { CHECK(attention_laws<attention<entmax15>>()); }

TEST_CASE("entmax15: a bisection finds the same weights, in rows of up to 4096 keys") {
  for (std::size_t const keys : {1U, 2U, 3U, 8U, 17U, 64U, 1000U, 4096U}) {
    for (double const spread : {0.0, 1e-6, 0.01, 1.0, 30.0}) {
      INFO("row of " << keys << ", scores within " << 2 * spread);
      auto s = some_scores(keys);
      for (double& x : s) x *= spread;
      auto const a = weights<entmax15>(s);
      auto const expected = by_bisection(s);
      double off = 0;
      for (std::size_t j = 0; j < keys; ++j) off = std::max(off, std::abs(a[j] - expected[j]));
      CHECK(off < 1e-15);
      CHECK(sum_of(a) == Approx(1).epsilon(1e-12));
      std::vector<float> const narrow(s.begin(), s.end());
      CHECK(sum_of(weights<entmax15, float>(narrow)) == Approx(1).epsilon(1e-6));
    }
  }
}

TEST_CASE("entmax15: a peak above a thousand low keys sums to one in float") {
  // t is next to a key's score, where a float has few digits for what is above it.
  for (float const low : {-0.5F, -0.99F, -1.F, -1.5F, -1.9F, -1.99F, -2.F, -2.01F}) {
    INFO("keys at " << low);
    std::vector<float> s(1000, low);
    s[123] = 0;
    CHECK(sum_of(weights<entmax15, float>(s)) == Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("entmax15: scores of ever smaller steps, of which each takes keys away") {
  std::vector<double> s(1024);
  for (std::size_t j = 0; j < s.size(); ++j) s[j] = -std::pow(0.98, static_cast<double>(j));
  auto const a = weights<entmax15>(s), expected = by_bisection(s);
  for (std::size_t j = 0; j < s.size(); ++j) CHECK(std::abs(a[j] - expected[j]) < 1e-15);
}

TEST_CASE("entmax15: scores that all grow alike are the same scores") {
  std::vector<double> const s{0.5, -0.25, 0.125, -4, 0.5};
  auto up = s;
  for (double& x : up) x += 1024;
  CHECK(weights<entmax15>(s) == weights<entmax15>(up));
}

TEST_CASE("entmax15: huge scores, one key, NaN and minus infinity") {
  double const inf = std::numeric_limits<double>::infinity();
  auto const a = weights<entmax15, float>({3e4F, 3e4F, -3e4F});
  CHECK(a[0] == Approx(0.5F));
  CHECK(a[1] == a[0]);
  CHECK(a[2] == 0);
  CHECK(weights<entmax15, float>({-3e4F, -3e4F})[1] == a[0]);
  CHECK(weights<entmax15>({-7}) == std::vector<double>{1});
  CHECK(weights<entmax15>({1, -inf}) == std::vector<double>{1, 0});
  CHECK(std::isnan(weights<entmax15>({1, std::nan(""), 2})[1]));
  CHECK(std::isnan(weights<entmax15>({std::nan("")})[0]));
  CHECK(std::isnan(weights<entmax15>({1, inf})[1]));
}

TEST_CASE("entmax15: by hand") {
  using row = std::vector<double>;
  CHECK(weights<entmax15>({3, 3, 3, 3}) == row{0.25, 0.25, 0.25, 0.25});
  CHECK(weights<entmax15>({2, 0, -3}) == row{1, 0, 0}); // the second is exactly two below the first
  // Roots of 0.8 and 0.6, which half the difference of scores sets apart.
  auto const a = weights<entmax15>({0.4, 0});
  CHECK(a[0] == Approx(0.64).epsilon(1e-14));
  CHECK(a[1] == Approx(0.36).epsilon(1e-14));
  auto const ds = gradient<entmax15>({0.4, 0, -9}, {7, 0, 100});
  CHECK(ds[0] == Approx(0.8 * (7 - 4)));
  CHECK(ds[1] == Approx(0.6 * (0 - 4)));
  CHECK(ds[2] == 0);
}
