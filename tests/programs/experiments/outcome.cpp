// SPDX-License-Identifier: MIT
// What the three words of a verdict mean, and that a seed without a number shows nothing.
#include "common/outcome.hpp"
#include "catch.hpp"
#include "common/finding.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace {
constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// The word for so many seeds that show a statement, and so many that do not.
std::string word(std::size_t shows, std::size_t does_not) {
  std::vector<bool> seeds(shows, true);
  seeds.resize(shows + does_not, false);
  return std::string(program::to_words(program::judged(seeds).is));
}
} // namespace

TEST_CASE("verdicts: three words by the 95% lower bound of the rate of seeds") {
  CHECK(word(29, 0) == "holds");
  CHECK(word(28, 0) == "holds for most seeds");
  CHECK(word(44, 1) == "holds for most seeds"); // .899
  CHECK(word(45, 1) == "holds");                // .901
  CHECK(word(5, 0) == "holds for most seeds");
  CHECK(word(4, 0) == "not established");
  CHECK(word(7, 1) == "holds for most seeds"); // .529
  CHECK(word(6, 1) == "not established");      // .479
  CHECK(word(0, 30) == "not established");
  CHECK(word(0, 0) == "not established");
}

TEST_CASE("verdicts: a count stands with its rate and the interval that decides") {
  auto const v = program::judged(std::vector{true, true, true, true, false});
  CHECK((v.passes == 4 && v.n == 5 && v.unmeasured == 0));
  CHECK(v.rate == 0.8);
  CHECK(v.low == Approx(0.3425916820).epsilon(1e-6));
  CHECK(v.high == Approx(0.9897938).epsilon(1e-6));
  CHECK(program::seeds_in_words(v) == "4 of 5 seeds");
  CHECK(program::rate_in_words(v) == "0.80 (0.34 to 0.99)");
  CHECK(program::seeds_in_words(program::judged(std::vector{true})) == "1 of 1 seed");
}

TEST_CASE("verdicts: NaN shows nothing, whatever is asked, and is counted") {
  auto const always = [](auto...) { return true; };
  auto const one = paper::each_seed({1, none, 2}, always);
  CHECK(one.by == std::vector{true, false, true});
  CHECK(one.unmeasured == 1);
  auto const two = paper::each_seed({1, none, 2, none}, {none, 1, 2, none}, always);
  CHECK(two.by == std::vector{false, false, true, false});
  CHECK(two.unmeasured == 3);
  CHECK(program::seeds_in_words(program::judged(two)) == "1 of 4 seeds, 3 without a number");
}

TEST_CASE(
    "verdicts: a paired difference is a median with its interval, and says what it leaves out") {
  auto const all = paper::paired_difference("a minus b", {3, 5, 7}, {1, 1, 1}, "nats");
  CHECK(all.what == "a minus b");
  CHECK(all.unit == "nats");
  CHECK((all.value.low == 2 && all.value.middle == 4 && all.value.high == 6));
  auto const some = paper::paired_difference("a minus b", {3, none, 7}, {1, 1, 1});
  CHECK(some.what == "a minus b (2 of 3 pairs)");
  CHECK(some.value.middle == 4);
}
