// SPDX-License-Identifier: MIT
// Exact intervals of a rate: textbook numbers, and how often they hold the true rate.
#include "dormant/proportion.hpp"
#include "catch.hpp"

#include <cmath>

using namespace dormant;

namespace {
/// The probability of k successes among n.
double binomial(std::size_t k, std::size_t n, double rate) {
  auto const a = static_cast<double>(k), b = static_cast<double>(n);
  return std::exp(std::lgamma(b + 1) - std::lgamma(a + 1) - std::lgamma(b - a + 1) +
                  a * std::log(rate) + (b - a) * std::log1p(-rate));
}
} // namespace

TEST_CASE("all of n bound the rate by the n-th root of the doubt", "[statistics]") {
  CHECK(rate_at_least(20, 20) == Approx(0.860891659331734).epsilon(1e-12));
  CHECK(rate_at_least(5, 5) == Approx(std::pow(0.05, 1.0 / 5)).epsilon(1e-12));
  CHECK(rate_at_least(5, 5) == Approx(0.549).margin(5e-4));
  CHECK(rate_at_least(28, 28) < 0.9);
  CHECK(rate_at_least(29, 29) > 0.9); // the fewest that reach it
  CHECK(rate_at_least(4, 4) < 0.5);
}

TEST_CASE("a rate that is never seen has no bound below, and one that always is none above",
          "[statistics]") {
  CHECK(rate_at_least(0, 7) == 0);
  auto const none = rate_of(0, 10), all = rate_of(10, 10), nothing = rate_of(0, 0);
  CHECK((none.low == 0 && none.middle == 0));
  CHECK(none.high == Approx(1 - std::pow(0.025, 0.1)).epsilon(1e-12));
  CHECK((all.high == 1 && all.middle == 1));
  CHECK(all.low == Approx(std::pow(0.025, 0.1)).epsilon(1e-12));
  CHECK((nothing.low == 0 && std::isnan(nothing.middle) && nothing.high == 1));
}

TEST_CASE("an interval of a rate is that of the tables", "[statistics]") {
  auto const of_7 = rate_of(7, 10); // R: binom.test(7, 10)$conf.int
  CHECK(of_7.low == Approx(0.3475471499).epsilon(1e-9));
  CHECK(of_7.middle == Approx(0.7).epsilon(1e-15));
  CHECK(of_7.high == Approx(0.9332604888).epsilon(1e-9));
  CHECK(rate_of(26, 30, 0.9).low == Approx(rate_at_least(26, 30)).epsilon(1e-12));
}

TEST_CASE("a bound of 95% is above the true rate in at most 5% of all cases", "[statistics]") {
  for (std::size_t const n : {5U, 20U, 30U}) {
    for (double const rate : {0.3, 0.5, 0.87, 0.9, 0.99}) {
      double wrong = 0, outside = 0;
      for (std::size_t k = 0; k <= n; ++k) {
        if (rate_at_least(k, n) > rate) wrong += binomial(k, n, rate);
        if (!rate_of(k, n).contains(rate)) outside += binomial(k, n, rate);
      }
      CHECK(wrong <= 0.05);
      CHECK(outside <= 0.05);
    }
  }
}

TEST_CASE("more cases than there are, or a confidence that is none, is refused", "[statistics]") {
  CHECK_THROWS_WITH(rate_at_least(6, 5), Catch::Contains("6 among 5"));
  CHECK_THROWS_WITH(rate_of(1, 5, 1), Catch::Contains("confidence"));
  CHECK_THROWS_WITH(rate_of(1, 5, std::nan("")), Catch::Contains("confidence"));
}
