// SPDX-License-Identifier: MIT
// elu(s) + 1: rows by hand, the laws of a rule, and those of a part in every wiring.
#include "dormant/rule/elu_one.hpp"

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

TEST_CASE("elu_one: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<elu_one>());
  CHECK((attention_rule_laws<elu_one, xsimd::sse2>()));
}

TEST_CASE("elu_one: the laws of a part", "[slow]") { CHECK(attention_laws<attention<elu_one>>()); }

TEST_CASE("elu_one: a line above zero, an exponential below, at every length") {
  for (std::size_t keys = 1; keys < 40; ++keys) {
    INFO("row of " << keys);
    auto const s = some_scores(keys);
    auto const a = weights<elu_one>(s);
    for (std::size_t j = 0; j < keys; ++j) {
      CHECK(a[j] == Approx(s[j] > 0 ? s[j] + 1 : std::exp(s[j])).epsilon(1e-14));
    }
  }
  CHECK(weights<elu_one>({0, 2.5, std::log(0.25)})[0] == 1);
  CHECK(weights<elu_one>({0, 2.5, std::log(0.25)})[1] == 3.5);
  CHECK(weights<elu_one>({0, 2.5, std::log(0.25)})[2] == Approx(0.25));
}

TEST_CASE("elu_one: the gradient is passed on above zero, and fades below") {
  auto const ds = gradient<elu_one>({2, 0, std::log(0.25)}, {3, 5, 8});
  CHECK(ds[0] == 3);
  CHECK(ds[1] == 5);
  CHECK(ds[2] == Approx(2));
}

TEST_CASE("elu_one: scores that overflow exp are ordinary scores") {
  CHECK(weights<elu_one, float>({3e4F, -3e4F, 3e38F}) == std::vector<float>{30001, 0, 3e38F});
  CHECK(gradient<elu_one, float>({3e4F, -3e4F}, {1, 1}) == std::vector<float>{1, 0});
}

TEST_CASE("elu_one: a NaN stays where it was, and minus infinity is no weight") {
  auto const a = weights<elu_one>({1, std::nan(""), -std::numeric_limits<double>::infinity()});
  CHECK(a[0] == 2);
  CHECK(std::isnan(a[1]));
  CHECK(a[2] == 0);
}
