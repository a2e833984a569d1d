// SPDX-License-Identifier: MIT
// The random numbers: published answers of the generator, purity, and
// the laws of the distributions.
#include "dormant/random.hpp"

#include "catch.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

using dormant::random_stream;
using dormant::stream;

namespace {

std::vector<std::uint64_t> first_bits(random_stream random, std::size_t count = 9) {
  std::vector<std::uint64_t> out(count);
  for (auto& bits : out) bits = random.bits();
  return out;
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

} // namespace

TEST_CASE("the generator gives the published answers of Philox4x64-10", "[random]") {
  // The first vector of Random123's kat_vectors: everything zero.
  CHECK(first_bits({0, stream::training_data, 0, 0}, 4) ==
        std::vector<std::uint64_t>{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b,
                                   0x7e68b68aec7ba23b});
}

TEST_CASE("numbers depend on the four values and nothing else", "[random]") {
  auto const reference = first_bits({42, stream::user, 7, 3});
  random_stream other(1, stream::user, 7, 3);
  for (int i = 0; i < 1000; ++i) (void)other.bits();
  CHECK(first_bits({42, stream::user, 7, 3}) == reference);
  CHECK(first_bits({43, stream::user, 7, 3}) != reference);
  CHECK(first_bits({42, stream::parameters, 7, 3}) != reference);
  CHECK(first_bits({42, stream::user, 8, 3}) != reference);
  CHECK(first_bits({42, stream::user, 7, 4}) != reference);

  random_stream original(42, stream::user, 7, 3);
  for (int i = 0; i < 6; ++i) (void)original.bits();
  auto copy = original;
  CHECK(copy.bits() == original.bits());
}

TEST_CASE("no number is drawn twice, near or far", "[random]") {
  std::set<std::uint64_t> seen;
  std::size_t drawn = 0;
  for (auto const far : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    for (auto const which : {stream::training_data, stream::evaluation_data}) {
      for (std::uint64_t row = 0; row < 8; ++row) {
        for (auto const bits : first_bits({far, which, far, row}, 64)) seen.insert(bits);
        drawn += 64;
      }
    }
  }
  CHECK(seen.size() == drawn);
}

TEST_CASE("uniform numbers are even over [0, 1)", "[random]") {
  constexpr std::size_t draws = 200'000;
  constexpr std::size_t bins = 100;
  std::array<double, bins> count{};
  random_stream random(1, stream::user, 0, 0);
  for (std::size_t i = 0; i < draws; ++i) {
    double const u = random.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++count[static_cast<std::size_t>(u * bins)];
  }
  double chi_square = 0;
  constexpr double expected = double{draws} / bins;
  for (auto const c : count) chi_square += (c - expected) * (c - expected) / expected;
  CHECK(chi_square > 55); // 99 degrees of freedom: both tails at about 1e-4
  CHECK(chi_square < 160);
}

TEST_CASE("below(n) is even over 0 .. n - 1, also where the product wraps", "[random]") {
  random_stream random(2, stream::user, 0, 0);
  for (auto const n : {std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{7}}) {
    std::vector<double> count(n);
    for (int i = 0; i < 70'000; ++i) ++count.at(random.below(n));
    for (auto const c : count)
      CHECK(c == Approx(70'000.0 / static_cast<double>(n)).margin(5 * std::sqrt(70'000.0 / 4)));
  }
  // At n = 3 * 2^62 a quarter of all products must be rejected:
  // remainders would be 2:1:1 otherwise.
  constexpr auto huge = std::uint64_t{3} << 62U;
  std::array<double, 3> remainder{};
  for (int i = 0; i < 30'000; ++i) ++remainder.at(random.below(huge) % 3);
  for (auto const c : remainder) CHECK(c == Approx(10'000).margin(500));
}

TEST_CASE("normal numbers are normal", "[random]") {
  constexpr std::size_t draws = 200'000;
  std::vector<double> sample(draws);
  random_stream random(3, stream::parameters, 0, 0);
  double mean = 0;
  double square = 0;
  double fourth = 0;
  for (auto& x : sample) {
    x = random.normal();
    mean += x / draws;
    square += x * x / draws;
    fourth += x * x * x * x / draws;
  }
  CHECK(mean == Approx(0).margin(5 / std::sqrt(double{draws})));
  CHECK(square == Approx(1).margin(5 * std::sqrt(2.0 / draws)));
  CHECK(fourth == Approx(3).margin(5 * std::sqrt(96.0 / draws)));

  std::sort(sample.begin(), sample.end());
  double distance = 0; // Kolmogorov-Smirnov
  for (std::size_t i = 0; i < draws; ++i) {
    double const rank = (static_cast<double>(i) + 0.5) / draws;
    distance = std::max(distance, std::abs(rank - normal_cdf(sample[i])));
  }
  CHECK(distance * std::sqrt(double{draws}) < 1.95); // 0.1%
}

TEST_CASE("distributions have the same bits everywhere", "[random]") {
  random_stream random(42, stream::parameters, 0, 0);
  CHECK(std::bit_cast<std::uint64_t>(random.uniform()) == 0x3fe9960aff3408fa);
  CHECK(random.below(1000) == 627);
  CHECK(std::bit_cast<std::uint64_t>(random.normal()) == 0x3fc051d13eb549a5);
  CHECK(std::bit_cast<std::uint64_t>(random.normal()) == 0xbfdd6fd03299b2f7);
}

TEST_CASE("the portable logarithm agrees with the library's", "[random]") {
  double worst = 0;
  for (double x = 1e-300; x < 1e300; x *= 1.37)
    worst = std::max(worst, std::abs(dormant::detail::portable_log(x) / std::log(x) - 1));
  for (double x = 0.5; x < 2; x += 0.00037)
    worst = std::max(worst, std::abs(dormant::detail::portable_log(x) - std::log(x)));
  CHECK(worst < 1e-15);
  CHECK(dormant::detail::portable_log(1.0) == 0);
}
