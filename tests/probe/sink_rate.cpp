// SPDX-License-Identifier: MIT
// Sink rate: sequences are held against the threshold one by one, rows sum to one.
#include "dormant/probe/sink_rate.hpp"
#include "dormant/intervention/pattern.hpp"
#include "dormant/probe/record.hpp"
#include "dormant/rule/relu.hpp"

#include "by_hand.hpp"

#include <cmath>
#include <limits>

using namespace dormant;
using by_hand::small;

namespace {
static_assert(observes<sink_rate, site::pattern>);
} // namespace

TEST_CASE("sink_rate: each sequence and head is judged before the mean is taken") {
  by_hand::text const row(2);
  sink_rate_of<double> rate(0.7);
  // a_0 = (1 + .5) / 2 = .75 of head 0, (1 + .2) / 2 = .6 of head 1.
  by_hand::show<site::pattern>(rate, row, {2, 2, 2}, {1, 0, .5, .5, 1, 0, .2, .8});
  CHECK(rate.rate(0, 0) == 1);
  CHECK(rate.rate(0, 1) == 0);
  // The mean of .75 and .51 would be below the threshold for both.
  by_hand::show<site::pattern>(rate, row, {2, 2, 2}, {1, 0, .02, .98, 1, 0, .2, .8});
  CHECK(rate.rate(0, 0) == .5);
  CHECK(rate.rate(0) == .25);
  by_hand::show<site::pattern>(rate, row, {1, 2, 2}, {1, 0, 1, 0}, 1);
  CHECK(rate.rate(1) == 1);
  CHECK(rate.over_layers() == .4); // 2 of 5
  CHECK(std::isnan(rate.rate(2)));
  CHECK(std::isnan(sink_rate{}.over_layers()));
}

TEST_CASE("sink_rate: rows are made to sum to one, by absolute values, and may be zero") {
  by_hand::text const row(2);
  sink_rate_of<double> below(0.49), above(0.51);
  // |-3| / 4 in row 1 and nothing of nothing in row 0: .375; the same with 5 / 8 of row 0: .5.
  for (auto* rate : {&below, &above}) {
    by_hand::show<site::pattern>(*rate, row, {1, 2, 2}, {0, 0, -3, 1});
    by_hand::show<site::pattern>(*rate, row, {1, 2, 2}, {7, 0, 0, 8}, 1);
  }
  CHECK(below.rate(0) == 0);
  CHECK(below.rate(1) == 1);
  CHECK(above.rate(1) == 0);
  sink_rate_of<double> negative(0.3);
  by_hand::show<site::pattern>(negative, row, {1, 2, 2}, {0, 0, -3, 1});
  CHECK(negative.rate() == 1);
}

TEST_CASE("sink_rate: a NaN comes through") {
  sink_rate_of<double> rate;
  by_hand::show<site::pattern>(rate, by_hand::text(1), {1, 1, 1},
                               {std::numeric_limits<double>::quiet_NaN()});
  CHECK(std::isnan(rate.rate()));
}

TEST_CASE("sink_rate: of a model it is what recorded patterns say, also under ReLU") {
  auto const net = models::shaken<transformer<small, relu>>();
  auto const rows = by_hand::some_rows(5);
  sink_rate rate(0.25);
  record<site::pattern> kept;
  net.evaluate(rows, rate, kept);
  double all = 0;
  for (std::size_t l = 0; l < 2; ++l) {
    auto const a = kept.values(l); // [B, H, T, T]
    for (std::size_t b = 0; b < 5; ++b) {
      for (std::size_t h = 0; h < 2; ++h) {
        double on_first = 0;
        for (std::size_t q = 0; q < small.context; ++q) {
          double sum = 0;
          for (std::size_t k = 0; k <= q; ++k) sum += double{a(b, h, q, k)};
          if (sum > 0) on_first += double{a(b, h, q, 0)} / sum / double(small.context);
        }
        all += on_first > 0.25 ? 1 : 0;
      }
    }
  }
  CHECK(rate.over_layers() == Approx(all / 20));
  CHECK((all > 0 && all < 20)); // the threshold lies among them
  sink_rate of_sinks;
  net.evaluate(rows, attend_only_to_bos{.layer = 1}, of_sinks);
  CHECK(of_sinks.rate(1) == 1);
}

TEST_CASE("sink_rate: it keeps the laws of probes") {
  by_hand::keeps_its_laws<sink_rate>();
  by_hand::keeps_its_laws(sink_rate(0.2));
}
