// SPDX-License-Identifier: MIT
// The permutation test of two means: by hand, against counting one by one, and under the null.
#include "dormant/unpaired_test.hpp"

#include "catch.hpp"
#include "statistics/uniformity.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using namespace dormant;

namespace {

std::vector<double> normals(std::size_t n, std::uint64_t trial, double shift = 0) {
  random_stream draw(10, stream::user, 77, trial);
  std::vector<double> out(n);
  for (double& v : out) v = shift + draw.normal();
  return out;
}

} // namespace

TEST_CASE("divisions of four runs are counted by hand", "[unpaired_test]") {
  auto const found = permutation_test({3, 4}, {1, 2});
  CHECK(found.statistic == 2);
  CHECK(found.p == Approx(1.0 / 6).epsilon(1e-14));
  CHECK(found.exact);
  CHECK(permutation_test({3, 4}, {1, 2}, {.tail = tail::lower}).p == 1);
  CHECK(permutation_test({3, 4}, {1, 2}, {.tail = tail::both}).p == Approx(2.0 / 6));
  CHECK(permutation_test({1, 2}, {3, 4}, {.tail = tail::lower}).p == Approx(1.0 / 6));
  CHECK(permutation_test({2, 2}, {2, 2}).p == 1);
  CHECK(permutation_test({7}, {0, 1, 2}).statistic == Approx(6).epsilon(1e-14));
}

TEST_CASE("all divisions are counted, with ties that rounding hides", "[unpaired_test]") {
  for (std::size_t const n : {1u, 4u, 5u}) {
    for (std::uint64_t trial = 0; trial < 8; ++trial) {
      random_stream draw(11, stream::user, 77, trial);
      std::vector<double> whole(n + 5), all(n + 5);
      for (double& v : whole) v = static_cast<double>(draw.below(6));
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = 0.1 * whole[i] + 1000;
      auto const mean_difference = [&](unsigned chosen) {
        double sum[2] = {0, 0};
        for (std::size_t i = 0; i < whole.size(); ++i) sum[chosen >> i & 1] += whole[i];
        return sum[1] * 5 - sum[0] * static_cast<double>(n); // whole numbers
      };
      double const seen = mean_difference((1u << n) - 1);
      double upper = 0, both = 0, ways = 0;
      for (unsigned chosen = 0; chosen < 1u << all.size(); ++chosen) {
        if (static_cast<std::size_t>(std::popcount(chosen)) != n) continue;
        upper += mean_difference(chosen) >= seen ? 1 : 0;
        both += std::abs(mean_difference(chosen)) >= std::abs(seen) ? 1 : 0;
        ++ways;
      }
      std::vector<double> const a(all.begin(), all.begin() + static_cast<int>(n)),
          b(all.begin() + static_cast<int>(n), all.end());
      CHECK(permutation_test(a, b).p == Approx(upper / ways).epsilon(1e-12));
      CHECK(permutation_test(a, b, {.tail = tail::both}).p == Approx(both / ways).epsilon(1e-12));
    }
  }
}

TEST_CASE("many runs are divided by chance, the same for the same seed", "[unpaired_test]") {
  auto const a = normals(30, 1, 0.5), b = normals(30, 2);
  auto const found = permutation_test(a, b, {.draws = 20'000});
  CHECK_FALSE(found.exact);
  double square = 0, sum = 0;
  for (auto const& values : {a, b}) {
    for (double const v : values) {
      sum += v / 60;
      square += v * v / 60;
    }
  }
  // Of so many the difference is nearly normal, of variance s^2 (1/30 + 1/30) with s^2 over 59.
  double const error = std::sqrt((square - sum * sum) * 60 / 59 * 2 / 30);
  CHECK(found.p == Approx(0.5 * std::erfc(found.statistic / error / std::sqrt(2))).margin(0.01));
  CHECK(permutation_test(a, b, {.draws = 20'000}).p == found.p);
  CHECK(permutation_test(a, b, {.draws = 20'000, .seed = 1}).p != found.p);
  CHECK(permutation_test(normals(20, 1, 100), normals(20, 2), {.draws = 99}).p == 0.01);
}

TEST_CASE("without one kind, or with a run that failed, nothing is tested", "[unpaired_test]") {
  for (double const bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK(std::isnan(permutation_test({1, bad}, {2, 3}).p));
    CHECK(std::isnan(permutation_test({1, 2}, {2, bad}).statistic));
  }
  CHECK(std::isnan(permutation_test({}, {1}).p));
  CHECK(std::isnan(permutation_test({1}, {}).p));
  CHECK(std::isnan(permutation_test({}, {}).p));
}

TEST_CASE("where there is no difference, p-values of divisions are uniform",
          "[unpaired_test][calibration]") {
  std::vector<double> exact, both, drawn;
  for (std::uint64_t trial = 0; trial < 1000; ++trial) {
    exact.push_back(permutation_test(normals(6, trial), normals(7, 5000 + trial)).p);
    both.push_back(
        permutation_test(normals(6, trial), normals(7, 5000 + trial), {.tail = tail::both}).p);
    drawn.push_back(
        permutation_test(normals(20, trial), normals(20, 5000 + trial), {.draws = 199}).p);
  }
  CHECK(distance_from_uniform(exact) < 1.63);
  CHECK(distance_from_uniform(both) < 1.63);
  CHECK(distance_from_uniform(drawn) < 1.63);
}
