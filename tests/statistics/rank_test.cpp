// SPDX-License-Identifier: MIT
// Rank tests: against published tables, against counting one by one with ties, and under the null.
#include "dormant/rank_test.hpp"

#include "catch.hpp"
#include "dormant/random.hpp"
#include "statistics/uniformity.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace dormant;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> whole_numbers(std::size_t n, std::uint64_t trial, std::uint64_t kinds) {
  random_stream draw(8, stream::user, 77, trial);
  std::vector<double> out(n);
  for (double& v : out) v = static_cast<double>(draw.below(kinds)) - 2;
  return out;
}
std::vector<double> normals(std::size_t n, std::uint64_t trial, double shift = 0) {
  random_stream draw(9, stream::user, 77, trial);
  std::vector<double> out(n);
  for (double& v : out) v = shift + draw.normal();
  return out;
}

/// n differences of sizes 1 .. n, with these among the ranks below zero.
std::vector<double> below_zero(std::size_t n, std::vector<std::size_t> const& ranks) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(i + 1);
  for (auto const r : ranks) out[r - 1] *= -1;
  return out;
}

double share_of_pairs(std::vector<double> const& a, std::vector<double> const& b) {
  double above = 0;
  for (double const x : a)
    for (double const y : b) above += x > y ? 1 : x == y ? 0.5 : 0;
  return above / static_cast<double>(a.size() * b.size());
}

} // namespace

TEST_CASE("signed ranks have the p of the published table", "[rank_test]") {
  // Wilcoxon and Wilcox 1964: the chance of a sum of negative ranks up to that.
  CHECK(wilcoxon_test(below_zero(5, {})).p == 1.0 / 32);
  CHECK(wilcoxon_test(below_zero(8, {5})).p == Approx(0.0391).margin(5e-5));
  CHECK(wilcoxon_test(below_zero(10, {8})).p == Approx(0.0244).margin(5e-5));
  CHECK(wilcoxon_test(below_zero(10, {10})).p == Approx(0.0420).margin(5e-5));
  CHECK(wilcoxon_test(below_zero(20, {20, 19, 4})).p == Approx(0.0096).margin(5e-5));
  CHECK(wilcoxon_test(below_zero(20, {20, 19, 18, 3})).p == Approx(0.0487).margin(5e-5));
  CHECK(wilcoxon_test(below_zero(20, {20, 19, 18, 3})).statistic == 150);
  CHECK(wilcoxon_test(below_zero(20, {20, 19, 18, 3}), tail::both).p ==
        Approx(2 * 0.0487).margin(1e-4));
  CHECK(wilcoxon_test(below_zero(20, {})).p == std::ldexp(1, -20));
}

TEST_CASE("rank sums have the p of the published table", "[rank_test]") {
  // Mann and Whitney 1947: 3 against 3, 5 against 5, 8 against 8.
  CHECK(mann_whitney_test({4, 5, 6}, {1, 2, 3}).p == Approx(0.05).epsilon(1e-13));
  CHECK(mann_whitney_test({4, 5, 6}, {1, 2, 3}).statistic == 1);
  CHECK(mann_whitney_test({4, 6, 7, 9, 10}, {1, 2, 3, 5, 8}).statistic == Approx(21.0 / 25));
  CHECK(mann_whitney_test({4, 6, 7, 9, 10}, {1, 2, 3, 5, 8}).p == Approx(0.048).margin(5e-4));
  CHECK(mann_whitney_test({1, 2, 3, 5, 8}, {4, 6, 7, 9, 10}, tail::lower).p ==
        Approx(0.048).margin(5e-4));
  CHECK(mann_whitney_test({1, 2}, {3, 4}).p == Approx(1).epsilon(1e-13));
}

TEST_CASE("all ways of signed ranks are counted, with ties and zeros", "[rank_test]") {
  for (std::size_t const n : {1u, 4u, 7u, 10u}) {
    for (std::uint64_t trial = 0; trial < 10; ++trial) {
      auto const d = whole_numbers(n, trial, 6);
      // Pratt: twice the rank is 1 + how many are smaller, and as many as are not larger.
      std::vector<double> ranks;
      double seen = 0;
      for (double const v : d) {
        double twice = 1;
        for (double const w : d) {
          twice += std::abs(w) < std::abs(v) ? 1 : 0;
          twice += std::abs(w) <= std::abs(v) ? 1 : 0;
        }
        if (v != 0) ranks.push_back(twice / 2);
        if (v > 0) seen += twice / 2;
      }
      double upper = 0, lower = 0, all = 0;
      for (std::size_t signs = 0; signs < std::size_t{1} << ranks.size(); ++signs, ++all) {
        double sum = 0;
        for (std::size_t i = 0; i < ranks.size(); ++i) sum += (signs >> i & 1) != 0 ? ranks[i] : 0;
        upper += sum >= seen ? 1 : 0;
        lower += sum <= seen ? 1 : 0;
      }
      CHECK(wilcoxon_test(d).statistic == seen);
      CHECK(wilcoxon_test(d).p == Approx(upper / all).epsilon(1e-13));
      CHECK(wilcoxon_test(d, tail::lower).p == Approx(lower / all).epsilon(1e-13));
      CHECK(wilcoxon_test(d, tail::both).p ==
            Approx(std::min(1.0, 2 * std::min(upper, lower) / all)).epsilon(1e-13));
    }
  }
}

TEST_CASE("all ways of rank sums are counted, with ties", "[rank_test]") {
  for (std::size_t const n : {1u, 3u, 6u}) {
    for (std::uint64_t trial = 0; trial < 10; ++trial) {
      auto const a = whole_numbers(n, trial, 5), b = whole_numbers(4, 100 + trial, 5);
      auto all = a;
      all.insert(all.end(), b.begin(), b.end());
      double const seen = share_of_pairs(a, b);
      double upper = 0, lower = 0, ways = 0;
      for (unsigned chosen = 0; chosen < 1u << all.size(); ++chosen) {
        if (static_cast<std::size_t>(std::popcount(chosen)) != n) continue;
        std::vector<double> x, y;
        for (std::size_t i = 0; i < all.size(); ++i)
          ((chosen >> i & 1) != 0 ? x : y).push_back(all[i]);
        double const share = share_of_pairs(x, y);
        upper += share >= seen - 1e-12 ? 1 : 0;
        lower += share <= seen + 1e-12 ? 1 : 0;
        ++ways;
      }
      CHECK(mann_whitney_test(a, b).statistic == Approx(seen).epsilon(1e-13));
      CHECK(mann_whitney_test(a, b).p == Approx(upper / ways).epsilon(1e-12));
      CHECK(mann_whitney_test(a, b, tail::lower).p == Approx(lower / ways).epsilon(1e-12));
    }
  }
}

TEST_CASE("infinities have ranks, a run that failed has none", "[rank_test]") {
  CHECK(wilcoxon_test({1, 2, infinity}).p == 1.0 / 8);
  CHECK(wilcoxon_test({1, 2, -infinity}).statistic == 3);
  CHECK(mann_whitney_test({infinity, infinity}, {1, 2}).p == Approx(1.0 / 6).epsilon(1e-13));
  CHECK(std::isnan(wilcoxon_test({1, missing, 3}).p));
  CHECK(std::isnan(wilcoxon_test({}).statistic));
  CHECK(std::isnan(mann_whitney_test({1, 2}, {missing}).p));
  CHECK(std::isnan(mann_whitney_test({}, {1}).p));
  CHECK(std::isnan(mann_whitney_test({1}, {}).statistic));
  CHECK(wilcoxon_test({0, 0, 0}).p == 1); // nothing differs
  CHECK(mann_whitney_test({2, 2}, {2, 2}).p == Approx(1).epsilon(1e-13));
  CHECK(mann_whitney_test({2, 2}, {2, 2}).statistic == 0.5);
}

TEST_CASE("where there is no difference, p-values of ranks are uniform",
          "[rank_test][calibration]") {
  std::vector<double> pairs, apart, both;
  for (std::uint64_t trial = 0; trial < 1000; ++trial) {
    pairs.push_back(wilcoxon_test(normals(20, trial)).p);
    apart.push_back(mann_whitney_test(normals(10, trial), normals(9, 5000 + trial)).p);
    both.push_back(mann_whitney_test(normals(7, trial), normals(9, 5000 + trial), tail::both).p);
  }
  CHECK(distance_from_uniform(pairs) < 1.63);
  CHECK(distance_from_uniform(apart) < 1.63);
  CHECK(excess_of_small(both) < 1.63);
}

TEST_CASE("where there is one, p-values of ranks are small", "[rank_test][calibration]") {
  std::size_t pairs = 0, apart = 0;
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    pairs += wilcoxon_test(normals(20, trial, 0.8)).p <= 0.05 ? 1 : 0;
    apart += mann_whitney_test(normals(15, trial, 1), normals(15, 5000 + trial)).p <= 0.05 ? 1 : 0;
  }
  CHECK(pairs > 270); // Student's test finds .96 and .84
  CHECK(apart > 225);
}
