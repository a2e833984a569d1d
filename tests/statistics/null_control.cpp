// SPDX-License-Identifier: MIT
// A control of equal budget: by hand, under the null, and where runs failed.
#include "dormant/null_control.hpp"

#include "catch.hpp"
#include "dormant/random.hpp"
#include "error_of.hpp"
#include "statistics/uniformity.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace dormant;

namespace {

std::vector<double> runs(std::size_t n, std::uint64_t seeds, double shift = 0) {
  random_stream draw(14, stream::user, 77, seeds);
  std::vector<double> out(n);
  for (double& v : out) v = shift + draw.normal();
  return out;
}

} // namespace

TEST_CASE("a comparison beyond its control is told from one that is not", "[null_control]") {
  auto const nothing = null_difference({4, 1, 2, 3}, {3, 2, 2, 5});
  CHECK(nothing == std::vector<double>{1, -1, 0, -2});
  auto const large = against_null({3, 4, 5, 6}, nothing);
  CHECK(large.effect.middle == 4.5);
  CHECK(large.nothing.middle == -0.5);
  CHECK(large.nothing.contains(0));
  CHECK(large.test.statistic == 1);
  CHECK(large.test.p == Approx(2.0 / 70).epsilon(1e-13));
  CHECK(large.in_words() == "beyond what other seeds alone do");
  CHECK_FALSE(large.beyond(0.01));
  CHECK(against_null({3, 4, 5, 6}, nothing, tail::upper).test.p == Approx(1.0 / 70).epsilon(1e-13));
  CHECK_FALSE(against_null({3, 4, 5, 6}, nothing, tail::lower).beyond());
  auto const small = against_null({1, -2, 0, 3}, nothing);
  CHECK(small.in_words() == "not beyond what other seeds alone do");
}

TEST_CASE("a control with a failed run decides nothing, one of another size is refused",
          "[null_control]") {
  auto const failed = against_null({3, 4}, null_difference({1, std::nan("")}, {0, 0}));
  CHECK_FALSE(failed.beyond());
  CHECK(failed.in_words() == "undecided, for a number is missing");
  CHECK(std::isnan(failed.nothing.middle));
  CHECK(against_null({}, {}).in_words() == "undecided, for a number is missing");
  CHECK(error_of([] {
          (void)against_null({1, 2}, {1});
        }) ==
        "a control of equal budget has as many pairs as the comparison, but here are 1 for 2");
  CHECK(error_of([] {
          (void)null_difference({1, 2}, {1});
        }) == "pairs need as many of either kind, found 2 and 1");
}

TEST_CASE("a variant that is the baseline is beyond its control as rarely as the level says",
          "[null_control][calibration][slow]") {
  std::vector<double> none;
  std::size_t found = 0;
  constexpr std::size_t pairs = 12;
  bootstrap const few{.resamples = 10};
  for (std::uint64_t t = 0; t < 600; ++t) {
    auto const nothing = null_difference(runs(pairs, 4 * t), runs(pairs, 4 * t + 1));
    auto const variant = [&](double shift) {
      return differences_of(runs(pairs, 4 * t + 2, shift), runs(pairs, 4 * t + 3));
    };
    none.push_back(against_null(variant(0), nothing, tail::upper, few).test.p);
    found += against_null(variant(2), nothing, tail::upper, few).beyond() ? 1 : 0;
  }
  CHECK(distance_from_uniform(none) < 1.63);
  CHECK(found > 540);
}
