// SPDX-License-Identifier: MIT
// b_j prod_{j < k < i} (1 - b_k): against a scalar loop, the laws at
// two widths, and rows at the ends.
#include "dormant/rule/stick_breaking.hpp"

#include "rule_testing.hpp"

#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace rule_testing;

TEST_CASE("stick_breaking: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<stick_breaking>({.longest = 40}));
  CHECK((attention_rule_laws<stick_breaking, xsimd::sse2>({.longest = 20})));
}

TEST_CASE("stick_breaking: it is its formula, there and back, at every length") {
  for (std::size_t keys = 1; keys < 70; ++keys) {
    INFO("row of " << keys);
    auto const s = some_scores(keys);
    std::vector<double> up(keys);
    for (std::size_t j = 0; j < keys; ++j) up[j] = std::cos(2.0 * static_cast<double>(j));
    auto const a = weights<stick_breaking>(s), ds = gradient<stick_breaking>(s, up);
    double left = 1;
    for (std::size_t j = keys - 1; j-- > 0; left /= 1 + std::exp(s[j]))
      CHECK(a[j] == Approx(left / (1 + std::exp(-s[j]))).epsilon(1e-13));
    double before = 0;
    for (std::size_t j = 0; j + 1 < keys; before += a[j] * up[j], ++j) {
      double const want = (a[j] * up[j] - before * std::exp(s[j])) / (1 + std::exp(s[j]));
      CHECK(ds[j] == Approx(want).epsilon(1e-12).margin(1e-15));
    }
    CHECK(a[keys - 1] == 0);
    CHECK(ds[keys - 1] == 0);
  }
}

TEST_CASE("stick_breaking: a masked key takes nothing, a huge score takes all that is left") {
  for (std::size_t at = 0; at < 39; ++at) {
    INFO("key " << at);
    std::vector<float> s(40, -std::numeric_limits<float>::infinity());
    s[at] = 3e4F;
    auto const a = weights<stick_breaking, float>(s);
    for (std::size_t j = 0; j < 40; ++j) CHECK(a[j] == (j == at ? 1.F : 0.F));
    for (float const d : gradient<stick_breaking, float>(s, std::vector<float>(40, 2.F)))
      CHECK(std::isfinite(d));
  }
}

TEST_CASE("stick_breaking: a NaN reaches the keys before it, and no others") {
  for (std::size_t at = 0; at < 39; ++at) {
    INFO("key " << at);
    auto s = some_scores(40);
    auto const whole = weights<stick_breaking>(s);
    s[at] = std::nan("");
    auto const a = weights<stick_breaking>(s);
    for (std::size_t j = 0; j < 40; ++j) CHECK((j <= at ? std::isnan(a[j]) : a[j] == whole[j]));
  }
}
