// SPDX-License-Identifier: MIT
// relu(e^s - 1) / (eps + sum |e^s - 1|): rows by hand, the laws of a rule, and those of a part.
#include "dormant/rule/softpick.hpp"

#include "rule_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace rule_testing;

TEST_CASE("softpick: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<softpick>());
  CHECK((attention_rule_laws<softpick, xsimd::sse2>()));
}

TEST_CASE("softpick: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<softpick>>());
}

TEST_CASE("softpick: it is its formula, at every length") {
  for (std::size_t keys = 1; keys < 40; ++keys) {
    INFO("row of " << keys);
    auto const s = some_scores(keys);
    double sum = 1e-6;
    for (double const x : s) sum += std::abs(std::expm1(x));
    auto const a = weights<softpick>(s);
    for (std::size_t j = 0; j < keys; ++j) {
      CHECK(a[j] == Approx(std::fmax(0, std::expm1(s[j])) / sum).epsilon(1e-13));
    }
  }
}

TEST_CASE("softpick: by hand") {
  // e^s - 1: 3, -1/2, 0
  auto const a = weights<softpick>({std::log(4.0), -std::log(2.0), 0});
  CHECK(a[0] == Approx(3 / 3.5).epsilon(1e-6));
  CHECK(a[1] == 0);
  CHECK(a[2] == 0);
  auto const ds = gradient<softpick>({std::log(4.0), -std::log(2.0), 0}, {7, 1, 1});
  double const mean = 7 * 3 / 3.5;
  CHECK(ds[0] == Approx(4 / 3.5 * (7 - mean)).epsilon(1e-5));
  CHECK(ds[1] == Approx(0.5 / 3.5 * mean).epsilon(1e-5)); // no weight, but it counts
  CHECK(ds[2] == 0);
}

TEST_CASE("softpick: a row without a positive score is zero, and passes no gradient") {
  std::vector<double> const none(9, 0.0);
  for (double const s : {0.0, -1e-9, -1.0, -1e4}) {
    INFO("scores of " << s);
    CHECK(weights<softpick>(std::vector<double>(9, s)) == none);
    CHECK(gradient<softpick>(std::vector<double>(9, s), some_scores(9)) == none);
  }
}

TEST_CASE("softpick: positive scores share a weight of one") {
  std::vector<double> s = some_scores(1000);
  for (double& x : s) x = std::abs(x) + 1;
  CHECK(sum_of(weights<softpick>(s)) == Approx(1).epsilon(1e-8));
  CHECK(weights<softpick>({5})[0] == Approx(1).epsilon(1e-7));
}

TEST_CASE("softpick: scores near zero keep their digits in float") {
  // e^s - 1 would have three of them left.
  auto const a = weights<softpick, float>({2e-4F, 1e-4F, -1e-4F});
  double const sum = std::expm1(2e-4F) + std::expm1(1e-4F) - std::expm1(-1e-4F) + 1e-6;
  CHECK(static_cast<double>(a[0]) == Approx(std::expm1(2e-4F) / sum).epsilon(1e-6));
  CHECK(static_cast<double>(a[1]) == Approx(std::expm1(1e-4F) / sum).epsilon(1e-6));
}

TEST_CASE("softpick: scores that overflow exp are ordinary scores") {
  CHECK(weights<softpick, float>({3e4F, 3e4F, -3e4F}) == std::vector<float>{0.5F, 0.5F, 0});
  CHECK(weights<softpick, float>({-3e4F, -3e4F}) == std::vector<float>{0, 0});
  CHECK(weights<softpick>({1, -std::numeric_limits<double>::infinity()})[0] ==
        Approx(std::expm1(1) / std::exp(1)).epsilon(1e-6));
}

TEST_CASE("softpick: a NaN makes its whole row one, there and back") {
  for (double const a : weights<softpick>({1, std::nan(""), 2})) CHECK(std::isnan(a));
  for (double const d : gradient<softpick>({1, std::nan(""), 2}, {1, 1, 1})) CHECK(std::isnan(d));
}
