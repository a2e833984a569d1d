// SPDX-License-Identifier: MIT
// Errors of rounding to int8 and int4, by hand and of recorded activations.
#include "dormant/probe/quantisation_error.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace dormant;
using by_hand::small;

namespace {
using of_stream = quantisation_error<site::resid_post, double>;
using grain = of_stream::grain;
static_assert(observes<quantisation_error<>, site::resid_post> &&
              !observes<quantisation_error<site::norm1>, site::resid_post>);
} // namespace

TEST_CASE(
    "quantisation_error: a large token costs the others their bits, unless each has its scale") {
  of_stream error;
  // Of int4, s is 2 by tensor: 14 and 2 are kept, 1 is half a step and goes to 0 (even), 3 to 4; by
  // token s is 2 and 3 / 7, of which 1 goes to 2 steps, 6 / 7.
  by_hand::show<site::resid_post>(error, by_hand::text(2), {2, 2}, {14, 2, 1, 3});
  double const norm = std::sqrt(196. + 4 + 1 + 9);
  CHECK(error.mean(4, grain::per_tensor) == Approx(std::sqrt(2.) / norm));
  CHECK(error.mean(4, grain::per_token) == Approx((1. / 7) / norm));
  CHECK(error.mean(8, grain::per_tensor) < error.mean(4, grain::per_tensor));
  CHECK(std::isnan(error.mean(3, grain::per_token)));
}

TEST_CASE("quantisation_error: zeros have none, what is no number comes through") {
  double const bad[] = {std::numeric_limits<double>::quiet_NaN(),
                        std::numeric_limits<double>::infinity()};
  of_stream zeros;
  by_hand::show<site::resid_post>(zeros, by_hand::text(2), {2, 1}, {0, 0});
  CHECK(zeros.mean(8, grain::per_tensor) == 0);
  CHECK(zeros.excess_kurtosis() == -3);
  for (double const x : bad) {
    of_stream error;
    by_hand::show<site::resid_post>(error, by_hand::text(2), {2, 1}, {1, x});
    CHECK(std::isnan(error.mean(8, grain::per_tensor)));
    CHECK(std::isnan(error.mean(4, grain::per_token)));
    CHECK(std::isnan(error.excess_kurtosis()));
  }
}

TEST_CASE("quantisation_error: excess kurtosis of two values is -2, of an outlier large") {
  of_stream error;
  by_hand::show<site::resid_post>(error, by_hand::text(2), {2, 2}, {-10, 10, 10, -10});
  CHECK(error.excess_kurtosis() == Approx(-2));
  std::vector<double> outlier(1000, 0);
  outlier[7] = 100;
  by_hand::show<site::resid_post>(error, by_hand::text(10), {10, 100}, outlier, 1);
  CHECK(error.excess_kurtosis(1) == Approx(993).epsilon(0.01));
}

TEST_CASE("quantisation_error: of a model it is what recorded activations say") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = by_hand::some_rows(2);
  quantisation_error<site::norm1> error;
  quantisation_error<site::final_norm> at_end;
  record<site::norm1> kept;
  net.evaluate(rows, error, at_end, kept);
  auto const x = kept.values(1); // [B, T, C]
  auto const expected = [&](int steps, bool by_token) {
    double mean = 0;
    for (std::size_t b = 0; b < 2; ++b) {
      double lost = 0, all = 0, most_of_all = 0;
      for (std::size_t t = 0; t < small.context; ++t) {
        for (std::size_t c = 0; c < small.width; ++c) {
          most_of_all = std::max(most_of_all, std::abs(double{x(b, t, c)}));
        }
      }
      for (std::size_t t = 0; t < small.context; ++t) {
        double most = 0;
        for (std::size_t c = 0; c < small.width; ++c) {
          most = std::max(most, std::abs(double{x(b, t, c)}));
        }
        double const s = (by_token ? most : most_of_all) / steps;
        for (std::size_t c = 0; c < small.width; ++c) {
          double const value{x(b, t, c)};
          lost += std::pow(value - s * std::round(value / s), 2);
          all += value * value;
        }
      }
      mean += std::sqrt(lost / all) / 2;
    }
    return mean;
  };
  using by = quantisation_error<site::norm1>::grain;
  CHECK(error.mean(8, by::per_tensor, 1) == Approx(expected(127, false)).epsilon(1e-9));
  CHECK(error.mean(8, by::per_token, 1) == Approx(expected(127, true)).epsilon(1e-9));
  CHECK(error.mean(4, by::per_tensor, 1) == Approx(expected(7, false)).epsilon(1e-9));
  CHECK(error.mean(4, by::per_token, 1) == Approx(expected(7, true)).epsilon(1e-9));
  probe_row row;
  at_end.report(row);
  CHECK(row.cells().size() == 5); // of one layer
}

TEST_CASE("quantisation_error: it keeps the laws of probes") {
  by_hand::keeps_its_laws<quantisation_error<>>();
  by_hand::keeps_its_laws<quantisation_error<site::norm2>>();
}
