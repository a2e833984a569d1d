// SPDX-License-Identifier: MIT
// The synthetic tables: shape of the law, determinism, limits.
#include "dormant/task/zipf.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>

using namespace dormant;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;

TEST_CASE("a Zipf table is a usable law with frequencies falling in the rank", "[task][zipf]") {
  auto const table = zipf_bigrams({.size = 65, .exponent = 1, .seed = 3});
  check(table, "the table");
  CHECK(std::set(table.characters.begin(), table.characters.end()).size() == 65);
  CHECK(std::ranges::min(table.bigrams) >= 1);

  // The marginal is a power of the rank up to what the rows add: fit its slope.
  double xx = 0, xy = 0, x = 0, y = 0;
  for (std::size_t v = 0; v < table.size(); ++v) {
    double const a = std::log(static_cast<double>(v + 1));
    double const b = std::log(static_cast<double>(table.unigrams[v]));
    xx += a * a;
    xy += a * b;
    x += a;
    y += b;
  }
  double const n = 65;
  CHECK((n * xy - x * y) / (n * xx - x * x) == Approx(-1).margin(0.15));

  // Counts are those of one chain: as often entered as left.
  for (std::size_t v = 0; v < table.size(); ++v) {
    double entered = 0;
    for (std::size_t u = 0; u < table.size(); ++u) entered += static_cast<double>(table.row(u)[v]);
    CHECK(entered == Approx(static_cast<double>(table.unigrams[v])).epsilon(1e-5));
  }
}

TEST_CASE("rows differ, seeds differ, and the same seed gives the same table", "[task][zipf]") {
  auto const table = zipf_bigrams({.size = 20, .exponent = 1.2, .seed = 1});
  CHECK(table == zipf_bigrams({.size = 20, .exponent = 1.2, .seed = 1}));
  CHECK(table != zipf_bigrams({.size = 20, .exponent = 1.2, .seed = 2}));
  CHECK_FALSE(std::ranges::equal(table.row(0), table.row(1)));
}

TEST_CASE("exponent zero is the uniform law", "[task][zipf]") {
  auto const table = zipf_bigrams({.size = 4, .exponent = 0});
  for (auto const count : table.bigrams) CHECK(count == 62'500'000);
}

TEST_CASE("a Zipf table that cannot be is refused", "[task][zipf]") {
  auto const reason = [](zipf_options options) {
    return error_of([&] { (void)zipf_bigrams(options); });
  };
  CHECK_THAT(reason({.size = 0}),
             Equals("the size of a Zipf table must be between 1 and 4096, found 0"));
  CHECK_THAT(reason({.size = 5000}), Matches(".* found 5000"));
  CHECK_THAT(reason({.exponent = -1}),
             Matches("the exponent of a Zipf table must be between 0 and 10, found -1.*"));
  CHECK_THAT(reason({.exponent = std::numeric_limits<double>::quiet_NaN()}), Matches(".*nan"));
  CHECK(zipf_bigrams({.size = 1}).size() == 1);
}
