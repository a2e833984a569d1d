// SPDX-License-Identifier: MIT
// relu(s) / T^a: rows by hand, the laws of a rule, and those of a part in every wiring.
#include "dormant/rule/relu_over_context.hpp"

#include "rule_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <limits>
#include <ratio>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace rule_testing;

using root = relu_over_context<std::ratio<1, 2>>;

TEST_CASE("relu_over_context: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<relu_over_context<>>());
  CHECK(attention_rule_laws<root>());
  CHECK((attention_rule_laws<relu_over_context<>, xsimd::sse2>()));
}

TEST_CASE("relu_over_context: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<relu_over_context<>>>());
  CHECK(attention_laws<attention<root>>());
}

TEST_CASE("relu_over_context: the context divides, whatever the length of the row") {
  using row = std::vector<double>;
  CHECK(weights<relu_over_context<>>({64, -1, 0, 16}) == row{2, 0, 0, 0.5}); // T 32
  CHECK(weights<relu_over_context<>>({8}) == row{0.25});
  CHECK(weights<relu_over_context<std::ratio<0>>>({8, -8}) == row{8, 0});
  CHECK(weights<relu_over_context<std::ratio<2>>>({1024}) == row{1});
  CHECK(weights<root>({1})[0] == Approx(1 / std::sqrt(32.0)));
  CHECK(weights<relu_over_context<std::ratio<3, 3>>, float>({64}) == std::vector<float>{2});
  CHECK(weights<relu_over_context<>>({-1e4, -1, -1e-3}) == row{0, 0, 0});
}

TEST_CASE("relu_over_context: so it divides the gradient") {
  using row = std::vector<double>;
  CHECK(gradient<relu_over_context<>>({3, -1, 0.5}, {64, 7, 96}) == row{2, 0, 3});
  CHECK(gradient<root>({3, -1}, {8, 7})[0] == Approx(8 / std::sqrt(32.0)));
}

TEST_CASE("relu_over_context: a NaN stays where it was, and minus infinity is no weight") {
  auto const a =
      weights<relu_over_context<>>({32, std::nan(""), -std::numeric_limits<double>::infinity()});
  CHECK(a[0] == 1);
  CHECK(std::isnan(a[1]));
  CHECK(a[2] == 0);
}
