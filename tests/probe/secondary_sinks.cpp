// SPDX-License-Identifier: MIT
// Secondary sinks: positions that point where `<s>` does, and what attends to them.
#include "dormant/probe/secondary_sinks.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <cmath>

using namespace dormant;
using by_hand::small;

namespace {
static_assert(observes<secondary_sinks, site::resid_pre> &&
              observes<secondary_sinks, site::pattern>);
} // namespace

TEST_CASE("secondary_sinks: what points where <s> does, either way, collects attention") {
  secondary_sinks_of<double> sinks;
  by_hand::text const row(4);
  // Cosines of positions 1, 2 and 3: -1, .96 and .8.
  by_hand::show<site::resid_pre>(sinks, row, {4, 2}, {2, 0, -7, 0, 24, 7, 4, 3});
  by_hand::show<site::pattern>(sinks, row, {1, 4, 4},
                               {1, 0, 0, 0, .5, .5, 0, 0, .2, .3, .5, 0, .1, .2, .3, .4});
  CHECK(sinks.positions() == 2);
  CHECK(sinks.mass() == Approx((.3 + .5) / 2)); // query 2 on 1; query 3 on 1 and 2
  secondary_sinks_of<double> strict = secondary_sinks_of<double>(.97).empty();
  by_hand::show<site::resid_pre>(strict, row, {4, 2}, {2, 0, -7, 0, 24, 7, 4, 3});
  CHECK(strict.positions() == 1);
}

TEST_CASE("secondary_sinks: a further <s> is none of them") {
  secondary_sinks_of<double> sinks;
  by_hand::text const row(4, {}, 1);
  by_hand::show<site::resid_pre>(sinks, row, {4, 2}, {2, 0, -7, 0, 24, 7, 4, 3});
  by_hand::show<site::pattern>(sinks, row, {1, 4, 4},
                               {1, 0, 0, 0, .5, .5, 0, 0, .2, .3, .5, 0, .1, .2, .3, .4});
  CHECK(sinks.positions() == 1);
  CHECK(sinks.mass() == Approx(.3)); // of query 3, the first that has a choice
}

TEST_CASE("secondary_sinks: zeros point nowhere, a NaN comes through in its own sequence") {
  secondary_sinks_of<double> sinks;
  by_hand::text const row(3);
  by_hand::show<site::resid_pre>(sinks, row, {3, 1}, {1, 0, 1});
  by_hand::show<site::pattern>(sinks, row, {1, 3, 3}, {1, 0, 0, 0, 1, 0, 0, 1, 0});
  CHECK(sinks.positions() == 1);
  CHECK(sinks.mass() == 0);
  by_hand::show<site::resid_pre>(sinks, row, {3, 1}, {1, std::nan(""), 1}, 1);
  by_hand::show<site::pattern>(sinks, row, {1, 3, 3}, {1, 0, 0, 0, 1, 0, 0, 1, 0}, 1);
  CHECK(std::isnan(sinks.positions(1)));
  CHECK(std::isnan(sinks.mass(1)));
  CHECK(sinks.positions(0) == 1);
}

TEST_CASE("secondary_sinks: of a model they are what recorded tensors say") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = by_hand::some_rows(3);
  secondary_sinks sinks(0.2);
  record<site::resid_pre> kept_x;
  record<site::pattern> kept_a;
  net.evaluate(rows, sinks, kept_x, kept_a);
  auto const x = kept_x.values(1); // [B, T, C]
  auto const a = kept_a.values(1); // [B, H, T, T]
  double positions = 0, mass = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t k = 1; k < small.context; ++k) {
      double product = 0, first = 0, here = 0;
      for (std::size_t c = 0; c < small.width; ++c) {
        product += double{x(b, 0, c)} * double{x(b, k, c)};
        first += std::pow(double{x(b, 0, c)}, 2);
        here += std::pow(double{x(b, k, c)}, 2);
      }
      if (std::abs(product) <= 0.2 * std::sqrt(first * here)) continue;
      positions += 1. / 3;
      for (std::size_t q = k + 1; q < small.context; ++q) {
        mass += double{a(b, 0, q, k)} / (3. * (small.context - 2));
      }
    }
  }
  CHECK((positions > 0 && positions < small.context - 1));
  CHECK(sinks.positions(1) == Approx(positions));
  CHECK(sinks.mass(1, 0) == Approx(mass));
}

TEST_CASE("secondary_sinks: they keep the laws of probes") {
  by_hand::keeps_its_laws<secondary_sinks>();
  by_hand::keeps_its_laws(secondary_sinks(0.2));
}
