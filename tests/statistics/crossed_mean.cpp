// SPDX-License-Identifier: MIT
// Means of crossed designs: by hand, and their intervals where runs go together.
#include "dormant/crossed_mean.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace dormant;

namespace {

/// Normal effects of known variances around 3.
crossed_grid drawn(by_cause const& of, std::size_t inits, std::size_t datas, std::uint64_t seed) {
  random_stream draw(seed, stream::user, 78, 0);
  std::vector<double> a(inits), b(datas);
  for (auto& x : a) x = std::sqrt(of.init) * draw.normal();
  for (auto& x : b) x = std::sqrt(of.data) * draw.normal();
  crossed_grid y(inits, std::vector<double>(datas));
  for (std::size_t i = 0; i < inits; ++i)
    for (std::size_t d = 0; d < datas; ++d)
      y[i][d] = 3 + a[i] + b[d] + std::sqrt(of.rest) * draw.normal();
  return y;
}

} // namespace

TEST_CASE("a crossed mean of a grid worked out by hand", "[crossed_mean]") {
  auto const m = crossed_mean({{0, 0}, {4, 4}}, {.share = 0.4});
  CHECK(m.mean == 2);
  // Two rows drawn of two: 0, 2 and 4 with probabilities 1/4, 1/2 and 1/4.
  CHECK((m.low == 2 && m.high == 2));
  CHECK(m.standard_error == Approx(std::sqrt(2)).epsilon(0.05));
  auto const wide = crossed_mean({{0, 0}, {4, 4}}, {.share = 0.6});
  CHECK((wide.low == 0 && wide.high == 4));
  auto const columns = crossed_mean({{0, 4}, {0, 4}}, {.share = 0.6});
  CHECK((columns.low == 0 && columns.high == 4));
  // Rows and columns by chance: the variance is that of both, 2 + 2.
  auto const both = crossed_mean({{0, 4}, {4, 8}});
  CHECK(both.mean == 4);
  CHECK(both.standard_error == Approx(2).epsilon(0.05));
  auto const same = crossed_mean({{7, 7}, {7, 7}});
  CHECK((same.standard_error == 0 && same.low == 7 && same.high == 7));
}

TEST_CASE("an interval of a crossed mean holds it about as often as it says, unlike one of runs",
          "[crossed_mean][calibration]") {
  std::size_t held = 0, taken_for_independent = 0;
  for (std::uint64_t g = 0; g < 400; ++g) {
    auto const y = drawn({.init = 0.5, .data = 0.25, .rest = 0.25}, 8, 8, g);
    bootstrap const how{.resamples = 400, .seed = g};
    auto const m = crossed_mean(y, how);
    held += m.low <= 3 && 3 <= m.high ? 1 : 0;
    std::vector<double> all;
    for (auto const& row : y) all.insert(all.end(), row.begin(), row.end());
    auto const runs = mean_of(all, how);
    taken_for_independent += runs.low <= 3 && 3 <= runs.high ? 1 : 0;
  }
  CHECK(static_cast<double>(held) / 400 == Approx(0.91).margin(0.03));
  CHECK(taken_for_independent < 280); // 64 runs of which 8 or so are independent
}

TEST_CASE("a crossed mean with a failed run is none, and a grid that is none is refused",
          "[crossed_mean]") {
  auto const m = crossed_mean({{1, 2}, {std::nan(""), 3}});
  CHECK((std::isnan(m.mean) && std::isnan(m.low) && std::isnan(m.standard_error)));
  // Also where the grids that are drawn leave it out.
  auto y = drawn({.init = 1, .data = 1, .rest = 1}, 6, 6, 1);
  y[2][3] = std::nan("");
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    CHECK(std::isnan(crossed_mean(y, {.resamples = 1, .seed = seed}).low));
  CHECK(error_of([] {
          (void)crossed_mean({{1, 2}});
        }) ==
        "a crossed design needs at least 2 initialisations and 2 seeds of data, found 1 and 2");
}

TEST_CASE("differences of grids are those of the same seeds", "[crossed_mean]") {
  CHECK(differences_of(crossed_grid{{3, 5}, {7, 9}}, crossed_grid{{1, 2}, {3, 4}}) ==
        crossed_grid{{2, 3}, {4, 5}});
  CHECK(error_of([] {
          (void)differences_of(crossed_grid{{1}}, crossed_grid{{1}, {2}});
        }) == "grids of 1 and 2 initialisations have no differences");
  CHECK(error_of([] {
          (void)differences_of(crossed_grid{{1}}, crossed_grid{{1, 2}});
        }) == "pairs need as many of either kind, found 1 and 2");
  // The same seeds, so what they do to both is gone.
  auto const a = drawn({.init = 5, .data = 5, .rest = 0}, 6, 6, 1);
  auto b = a;
  for (auto& row : b)
    for (double& v : row) v -= 0.25;
  auto const m = crossed_mean(differences_of(a, b));
  CHECK(m.low == Approx(0.25).epsilon(1e-12));
  CHECK(m.high == Approx(0.25).epsilon(1e-12));
}
