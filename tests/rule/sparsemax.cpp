// SPDX-License-Identifier: MIT
// relu(s - t) that sums to one: against a bisection, the laws of a rule, and those of a part.
#include "dormant/rule/sparsemax.hpp"

#include "simplex_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace simplex_testing;

namespace {
double weight_of(double below, double t) { return std::fmax(0, below - t); }
} // namespace

TEST_CASE("sparsemax: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<sparsemax>({.longest = 40}));
  CHECK((attention_rule_laws<sparsemax, xsimd::sse2>()));
}

TEST_CASE("sparsemax: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<sparsemax>>());
}

TEST_CASE("sparsemax: a bisection finds the same weights, in rows of up to 4096 keys") {
  agrees_with_bisection<sparsemax>(weight_of);
}

TEST_CASE("sparsemax: a peak above a thousand low keys sums to one in float") {
  sums_to_one_above_low_keys<sparsemax>();
}

TEST_CASE("sparsemax: scores that all grow alike are the same scores") {
  ignores_what_all_scores_share<sparsemax>();
}

TEST_CASE("sparsemax: huge scores, one key, NaN and minus infinity") {
  CHECK(weights<sparsemax, float>({3e4F, 3e4F, -3e4F}) == std::vector<float>{0.5F, 0.5F, 0});
  CHECK(weights<sparsemax, float>({-3e4F, -3e4F}) == std::vector<float>{0.5F, 0.5F});
  takes_one_key_nan_and_infinity<sparsemax>();
}

TEST_CASE("sparsemax: by hand") {
  using row = std::vector<double>;
  CHECK(weights<sparsemax>({0.5, 0.25, -1}) == row{0.625, 0.375, 0});
  CHECK(weights<sparsemax>({2, 0.5, 1}) ==
        row{1, 0, 0}); // the third is exactly one below the first
  CHECK(weights<sparsemax>({1, 1, 1, 1}) == row{0.25, 0.25, 0.25, 0.25});
  CHECK(gradient<sparsemax>({0.5, 0.25, -1}, {3, 5, 100}) == row{-1, 1, 0});
  CHECK(gradient<sparsemax>({2, 0.5}, {3, 5}) == row{0, 0});
}
