// SPDX-License-Identifier: MIT
// clip((eta - gamma) softmax(s) + gamma, 0, 1): rows by hand, the laws
// of a rule, and those of a part.
#include "dormant/rule/clipped_softmax.hpp"
#include "dormant/rule/softmax.hpp"

#include "rule_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <ratio>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace rule_testing;

using wide = clipped_softmax<std::ratio<16>, std::ratio<5, 4>>; // of T 32: 1.75 p - 0.5
using twice = clipped_softmax<std::ratio<0>, std::ratio<2>>;

TEST_CASE("clipped_softmax: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<clipped_softmax<>>());
  CHECK(attention_rule_laws<wide>());
  CHECK(attention_rule_laws<twice>());
  CHECK((attention_rule_laws<clipped_softmax<>, xsimd::sse2>()));
  CHECK((attention_rule_laws<wide, xsimd::sse2>()));
}

TEST_CASE("clipped_softmax: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<clipped_softmax<>>>());
  CHECK((attention_laws<attention<clipped_softmax<std::ratio<2>, std::ratio<5, 4>>>>()));
}

TEST_CASE("clipped_softmax: weights by hand") {
  double const third = std::log(3.0);
  auto const a = weights<clipped_softmax<>>({0, third}); // p 0.25 and 0.75, gamma -1/8
  CHECK(a[0] == Approx(1.125 * 0.25 - 0.125));
  CHECK(a[1] == Approx(1.125 * 0.75 - 0.125));
  auto const b = weights<wide>({0, third});
  CHECK(b[0] == 0);
  CHECK(b[1] == Approx(1.75 * 0.75 - 0.5));
  auto const c = weights<wide>({0, 3 * third}); // p 1/28 and 27/28
  CHECK(c == std::vector<double>{0, 1});
  CHECK(weights<clipped_softmax<>>({-7}) == std::vector<double>{1});
}

TEST_CASE("clipped_softmax: without a stretch it is softmax") {
  auto const s = some_scores(23);
  CHECK(weights<clipped_softmax<std::ratio<0>>>(s) == weights<softmax>(s));
}

TEST_CASE("clipped_softmax: a head of many equal scores says nothing") {
  // A weight is left where p > (1/8) / (9/8) = 1/9.
  CHECK(weights<clipped_softmax<>>(std::vector<double>(8, 3.0))[0] > 0);
  std::vector<double> const none(20, 0.0);
  CHECK(weights<clipped_softmax<>>(std::vector<double>(20, 3.0)) == none);
  std::vector<double> const some = some_scores(20);
  CHECK(gradient<clipped_softmax<>>(std::vector<double>(20, 3.0), some) == none);
}

TEST_CASE("clipped_softmax: what is clipped has no gradient of its own, but shares its row's") {
  double const third = std::log(3.0);
  auto const ds = gradient<wide>({0, third}, {100, 4}); // only key 1 is not clipped: dp = 1.75 * 4
  double const mean = 0.75 * 7;
  CHECK(ds[0] == Approx(0.25 * -mean));
  CHECK(ds[1] == Approx(0.75 * (7 - mean)));
  CHECK(gradient<wide>({0, 3 * third}, {100, 4}) == std::vector<double>{0, 0});
}

TEST_CASE("clipped_softmax: a weight that is clipped at one leaves the others theirs") {
  auto const a = weights<twice>({std::log(1.5), 0}); // p 0.6 and 0.4
  CHECK(a[0] == 1);
  CHECK(a[1] == Approx(0.8));
  auto const ds = gradient<twice>({std::log(1.5), 0}, {100, 5}); // dp 0 and 10
  CHECK(ds[0] == Approx(0.6 * -4));
  CHECK(ds[1] == Approx(0.4 * (10 - 4)));
}

TEST_CASE("clipped_softmax: huge scores, NaN and minus infinity are softmax's") {
  CHECK(weights<clipped_softmax<>, float>({3e4F, -3e4F}) == std::vector<float>{1, 0});
  CHECK(weights<clipped_softmax<>>({1, -std::numeric_limits<double>::infinity()}) ==
        std::vector<double>{1, 0});
  for (double const a : weights<clipped_softmax<>>({1, std::nan(""), 2})) CHECK(std::isnan(a));
  for (double const d : gradient<clipped_softmax<>>({1, std::nan(""), 2}, {1, 1, 1}))
    CHECK(std::isnan(d));
}
