// SPDX-License-Identifier: MIT
// No-op and broadcast heads: made by hand, made by intervention, and of recorded tensors.
#include "dormant/probe/broadcast_sink.hpp"
#include "dormant/intervention/pattern.hpp"
#include "dormant/intervention/silence_value.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <cmath>

using namespace dormant;
using by_hand::small;

namespace {
static_assert(observes<broadcast_sink, site::v> && observes<broadcast_sink, site::z>);
} // namespace

TEST_CASE(
    "broadcast_sink: the same vector everywhere is 1, opposite ones are 0, triggers do not count") {
  broadcast_sink_of<double> heads;
  by_hand::text const row(5, {3});
  // Two heads; of head 0 queries 2 and 4 get (3, 4), of head 1 (1, 0) and (-1, 0).
  by_hand::show<site::v>(heads, row, {5, 2, 2},
                         {3, 4, 0, 0, 0, 1, 2, 0, 1, 0, 2, 0, 0, 1, 0, 2, 1, 0, 0, 2});
  by_hand::show<site::z>(heads, row, {5, 2, 2},
                         {9, 9, 9, 9, 8, 8, 8, 8, 3, 4, 1, 0, 7, -7, 7, 7, 3, 4, -1, 0});
  CHECK(heads.sameness(0, 0) == Approx(1));
  CHECK(heads.output(0, 0) == Approx(5)); // the other values have norm 1
  CHECK(heads.value(0, 0) == Approx(5));
  CHECK(heads.sameness(0, 1) == 0);
  CHECK(heads.output(0, 1) == Approx(.5));
  CHECK(heads.value(0, 1) == 0);
}

TEST_CASE("broadcast_sink: what writes nothing is no broadcast, a NaN comes through") {
  broadcast_sink_of<double> heads;
  by_hand::text const row(3);
  by_hand::show<site::v>(heads, row, {3, 1, 1}, {0, 1, 1});
  by_hand::show<site::z>(heads, row, {3, 1, 1}, {0, 0, 0});
  CHECK(std::isnan(heads.sameness()));
  CHECK(heads.output() == 0);
  CHECK(heads.value() == 0);
  by_hand::show<site::z>(heads, row, {3, 1, 1}, {0, 0, 2});
  CHECK(heads.sameness() == 1); // of the sequence in which there is an output
  by_hand::show<site::z>(heads, row, {3, 1, 1}, {0, 0, std::nan("")});
  CHECK(std::isnan(heads.sameness()));
  CHECK(std::isnan(heads.output()));
}

TEST_CASE("broadcast_sink: a head that attends to <s> alone broadcasts its value, or nothing if "
          "silenced") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = by_hand::some_rows(3);
  broadcast_sink loud, silent, usual;
  attend_only_to_bos const to_bos{.layer = 1, .head = 0};
  net.evaluate(rows, to_bos, loud);
  net.evaluate(rows, silence_value{.layer = 1, .head = 0, .position = 0}, to_bos, silent);
  net.evaluate(rows, usual);
  CHECK(loud.sameness(1, 0) == Approx(1));
  CHECK(loud.output(1, 0) == Approx(loud.value(1, 0)));
  CHECK(silent.output(1, 0) == 0);
  CHECK(silent.value(1, 0) == 0);
  CHECK(usual.sameness(1, 0) < 0.99);
}

TEST_CASE("broadcast_sink: of a model it is what recorded tensors say") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = by_hand::some_rows(2);
  broadcast_sink heads;
  record<site::z> kept;
  net.evaluate(rows, heads, kept);
  auto const z = kept.values(1); // [B, T, H, D]
  double expected = 0;
  for (std::size_t b = 0; b < 2; ++b) {
    double mean[10] = {}, squares = 0, count = 0;
    for (std::size_t t = 2; t < small.context; ++t) {
      if (rows.laws(b)[t].trigger) continue;
      count += 1;
      for (std::size_t d = 0; d < 10; ++d) {
        mean[d] += double{z(b, t, 1, d)};
        squares += std::pow(double{z(b, t, 1, d)}, 2);
      }
    }
    double of_mean = 0;
    for (double const m : mean) of_mean += m * m / (count * count);
    expected += std::sqrt(of_mean / (squares / count)) / 2;
  }
  CHECK(heads.sameness(1, 1) == Approx(expected));
}

TEST_CASE("broadcast_sink: it keeps the laws of probes") {
  by_hand::keeps_its_laws<broadcast_sink>();
}
