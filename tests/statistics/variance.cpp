// SPDX-License-Identifier: MIT
// Shares of variance in crossed designs: by hand, at the extremes, and where the truth is known.
#include "dormant/variance.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace dormant;

namespace {
/// Normal effects of known variances.
crossed_grid drawn(by_cause const& of, std::size_t inits, std::size_t datas, std::uint64_t seed) {
  random_stream draw(seed, stream::user, 7, 0);
  std::vector<double> a(inits), b(datas);
  for (auto& x : a) x = std::sqrt(of.init) * draw.normal();
  for (auto& x : b) x = std::sqrt(of.data) * draw.normal();
  crossed_grid y(inits, std::vector<double>(datas));
  for (std::size_t i = 0; i < inits; ++i) {
    for (std::size_t d = 0; d < datas; ++d)
      y[i][d] = 3 + a[i] + b[d] + std::sqrt(of.rest) * draw.normal();
  }
  return y;
}
} // namespace

TEST_CASE("variance by cause of a grid worked out by hand", "[variance]") {
  // Means 5; of rows 2, 5, 8; of columns 4, 6. What is left: 0, 0; -1, 1; 1, -1.
  auto const v = variance_of({{1, 3}, {3, 7}, {8, 8}}, {.resamples = 50});
  CHECK(v.mean == 5);
  CHECK(v.squares.init == Approx(36).epsilon(1e-14));
  CHECK(v.squares.data == Approx(6).epsilon(1e-14));
  CHECK(v.squares.rest == Approx(4).epsilon(1e-14));
  CHECK(v.components.init == Approx(8).epsilon(1e-14));       // (36/2 - 4/2) / 2
  CHECK(v.components.data == Approx(4.0 / 3).epsilon(1e-14)); // (6 - 2) / 3
  CHECK(v.components.rest == Approx(2).epsilon(1e-14));
  CHECK(v.init.middle == Approx(8 / (8 + 4.0 / 3 + 2)).epsilon(1e-14));
  CHECK(v.init.middle + v.data.middle + v.rest.middle == Approx(1).epsilon(1e-14));
}

TEST_CASE("effects that only add leave no rest", "[variance]") {
  crossed_grid y;
  for (double const a : {1.0, 4.0, 2.0, 9.0}) y.push_back({a + 1, a + 2, a + 8});
  auto const v = variance_of(y, {.resamples = 200});
  CHECK(v.rest.middle == Approx(0).margin(1e-14));
  CHECK(v.rest.high == Approx(0).margin(1e-14));
  CHECK(v.components.init == Approx(38.0 / 3).epsilon(1e-13)); // variance of 1, 4, 2, 9
  CHECK(v.components.data == Approx(43.0 / 3).epsilon(1e-13)); // of 1, 2, 8
}

TEST_CASE("where only the initial values count, their share is all, for every resampling",
          "[variance]") {
  auto const v = variance_of({{1, 1, 1}, {4, 4, 4}, {2, 2, 2}}, {.resamples = 200});
  CHECK(v.init.middle == 1);
  CHECK((v.init.low == 1 && v.init.high == 1));
  CHECK((v.data.middle == 0 && v.data.high == 0 && v.rest.middle == 0));
}

TEST_CASE("the sides are not mixed up: a transposed grid has its shares exchanged", "[variance]") {
  auto const v = variance_of({{1, 3, 4}, {3, 7, 5}}, {.resamples = 20});
  auto const t = variance_of({{1, 3}, {3, 7}, {4, 5}}, {.resamples = 20});
  CHECK(v.init.middle == Approx(t.data.middle).epsilon(1e-14));
  CHECK(v.data.middle == Approx(t.init.middle).epsilon(1e-14));
  CHECK(v.init.middle != Approx(v.data.middle));
}

TEST_CASE("a component below zero is kept and counts as no share", "[variance]") {
  auto const v = variance_of({{0, 1}, {1, 0}}, {.resamples = 50}); // nothing but interaction
  CHECK(v.components.init == Approx(-0.5).epsilon(1e-14));
  CHECK(v.components.data == Approx(-0.5).epsilon(1e-14));
  CHECK((v.init.middle == 0 && v.data.middle == 0 && v.rest.middle == 1));
}

TEST_CASE("components of resampled grids lie around those of the grid", "[variance]") {
  auto const y = drawn({.init = 2, .data = 1, .rest = 3}, 5, 4, 11);
  auto const here = variance_of(y, {.resamples = 1}).components;
  by_cause mean{0, 0, 0};
  std::size_t const often = 20'000;
  for (std::size_t r = 0; r < often; ++r) {
    random_stream draw(3, stream::user, 8, r);
    std::vector<std::size_t> inits(5), datas(4);
    for (auto& i : inits) i = draw.below(5);
    for (auto& d : datas) d = draw.below(4);
    auto const squares = detail::squares_of(y, inits, datas).second;
    auto const found = detail::components_of(squares, 5, 4, true);
    mean.init += found.init / often;
    mean.data += found.data / often;
    mean.rest += found.rest / often;
  }
  CHECK(mean.init == Approx(here.init).margin(0.08)); // about four standard errors
  CHECK(mean.data == Approx(here.data).margin(0.08));
  CHECK(mean.rest == Approx(here.rest).margin(0.08));
}

TEST_CASE("intervals hold known shares about as often as they say", "[variance]") {
  by_cause const truth{.init = 0.8, .data = 0.05, .rest = 0.15};
  std::uint64_t const grids = 200;
  std::size_t init = 0, data = 0, rest = 0, none = 0;
  for (std::uint64_t g = 0; g < grids; ++g) {
    auto const v = variance_of(drawn(truth, 8, 8, g), {.resamples = 200, .seed = g});
    auto const holds = [](interval const& s, double x) { return s.low <= x && x <= s.high; };
    init += holds(v.init, truth.init) ? 1 : 0;
    data += holds(v.data, truth.data) ? 1 : 0;
    rest += holds(v.rest, truth.rest) ? 1 : 0;
    none += holds(v.init, truth.rest) ? 1 : 0;
  }
  CHECK(init >= 170); // .917 of 400 grids of this kind
  CHECK(data >= 180);
  CHECK(rest >= 180);
  CHECK(none <= 60); // far from it: 38 of these intervals reach down to .15
}

TEST_CASE("the same seed gives the same intervals", "[variance]") {
  auto const y = drawn({.init = 1, .data = 1, .rest = 1}, 4, 5, 2);
  auto const a = variance_of(y, {.resamples = 100, .seed = 1});
  auto const b = variance_of(y, {.resamples = 100, .seed = 1});
  auto const c = variance_of(y, {.resamples = 100, .seed = 2});
  CHECK((a.init.low == b.init.low && a.data.high == b.data.high));
  CHECK(a.init.high != c.init.high);
}

TEST_CASE("a run that failed makes all shares NaN, and so does a grid where nothing varies",
          "[variance]") {
  double const missing = std::numeric_limits<double>::quiet_NaN();
  auto const v = variance_of({{1, 2}, {3, missing}}, {.resamples = 50});
  CHECK(std::isnan(v.mean));
  CHECK(std::isnan(v.init.middle));
  CHECK(std::isnan(v.init.low));
  CHECK(std::isnan(v.rest.high));
  auto const same = variance_of({{1, 1}, {1, 1}}, {.resamples = 50});
  CHECK((std::isnan(same.init.middle) && std::isnan(same.rest.middle)));
}

TEST_CASE("a grid that is too small or not complete is refused with a sentence", "[variance]") {
  auto const of = [](crossed_grid const& y) { return error_of([&] { (void)variance_of(y); }); };
  CHECK(of({{1, 2}}) == "a crossed design needs at least 2 initialisations and 2 seeds of data, "
                        "found 1 and 2");
  CHECK(of({{1}, {2}}) == "a crossed design needs at least 2 initialisations and 2 seeds of data, "
                          "found 2 and 1");
  CHECK(of({{1, 2}, {3}}) == "a crossed design needs every initialisation on all 2 seeds of data, "
                             "found one on 1");
  CHECK(of({}) != "");
}

TEST_CASE("numbers in the order of crossed seeds become a grid", "[variance]") {
  auto const order = crossed_seeds({1, 1}, 2, 3);
  std::vector<double> numbers;
  for (auto const& s : order) numbers.push_back(static_cast<double>(10 * s.init + s.data));
  CHECK(grid_of(numbers, 3) == crossed_grid{{11, 12, 13}, {21, 22, 23}});
  CHECK(error_of([&] { (void)grid_of(numbers, 4); }) == "6 numbers are no rows of 4 seeds of data");
}
