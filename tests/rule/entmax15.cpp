// SPDX-License-Identifier: MIT
// relu(s / 2 - t)^2 that sums to one: against a bisection, the laws of a rule, and those of a part.
#include "dormant/rule/entmax15.hpp"

#include "simplex_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace simplex_testing;

namespace {
double weight_of(double below, double t) {
  double const over = std::fmax(0, 0.5 * below - t);
  return over * over;
}
} // namespace

TEST_CASE("entmax15: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<entmax15>({.longest = 40}));
  CHECK((attention_rule_laws<entmax15, xsimd::sse2>()));
}

TEST_CASE("entmax15: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<entmax15>>());
}

TEST_CASE("entmax15: a bisection finds the same weights, in rows of up to 4096 keys") {
  agrees_with_bisection<entmax15>(weight_of);
}

TEST_CASE("entmax15: a peak above a thousand low keys sums to one in float") {
  sums_to_one_above_low_keys<entmax15>();
}

TEST_CASE("entmax15: scores that all grow alike are the same scores") {
  ignores_what_all_scores_share<entmax15>();
}

TEST_CASE("entmax15: huge scores, one key, NaN and minus infinity") {
  auto const a = weights<entmax15, float>({3e4F, 3e4F, -3e4F});
  CHECK(a[0] == Approx(0.5F));
  CHECK(a[1] == a[0]);
  CHECK(a[2] == 0);
  CHECK(weights<entmax15, float>({-3e4F, -3e4F})[1] == a[0]);
  takes_one_key_nan_and_infinity<entmax15>();
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
