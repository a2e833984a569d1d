// SPDX-License-Identifier: MIT
// relu(s): rows by hand, the laws of a rule, and those of a part in every wiring.
#include "dormant/rule/plain_relu.hpp"

#include "rule_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace rule_testing;

TEST_CASE("plain_relu: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<plain_relu>());
  CHECK((attention_rule_laws<plain_relu, xsimd::sse2>()));
}

TEST_CASE("plain_relu: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<plain_relu>>());
}

TEST_CASE("plain_relu: weights are positive scores as they are, in a row of any length") {
  using row = std::vector<double>;
  CHECK(weights<plain_relu>({3, -1, 0, 0.5}) == row{3, 0, 0, 0.5});
  CHECK(weights<plain_relu>({2}) == row{2});
  CHECK(weights<plain_relu>(row(1000, 0.25)) == row(1000, 0.25));
  CHECK(weights<plain_relu>({-1e4, -1, -1e-3}) == row{0, 0, 0});
}

TEST_CASE("plain_relu: a gradient passes where there is weight") {
  using row = std::vector<double>;
  CHECK(gradient<plain_relu>({3, -1, 0.5}, {5, 7, 9}) == row{5, 0, 9});
  CHECK(gradient<plain_relu>({-3, -1}, {5, 7}) == row{0, 0});
}

TEST_CASE("plain_relu: a NaN stays where it was, and minus infinity is no weight") {
  auto const a = weights<plain_relu>({1, std::nan(""), -std::numeric_limits<double>::infinity()});
  CHECK(a[0] == 1);
  CHECK(std::isnan(a[1]));
  CHECK(a[2] == 0);
}
