// SPDX-License-Identifier: MIT
// Attention on positions where the residual stream spikes, at `<s>` and elsewhere.
#include "dormant/probe/spike_mass.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace dormant;
using by_hand::small;

namespace {
static_assert(observes<spike_mass, site::resid_pre> && observes<spike_mass, site::pattern>);
} // namespace

TEST_CASE("spike_mass: a position spikes by its norm over the median, at <s> and elsewhere") {
  spike_mass_of<double> mass;
  by_hand::text const row(4);
  // Norms 10, 1, 5, 1: the median is 3, so that above 9 there is <s> alone.
  by_hand::show<site::resid_pre>(mass, row, {4, 2}, {6, 8, 0, -1, 3, 4, 1, 0});
  std::vector<double> const weights{1, 0, 0, 0, .5, .5, 0, 0, .25, .5, .25, 0, .1, .2, .3, .4};
  by_hand::show<site::pattern>(mass, row, {1, 4, 4}, weights);
  CHECK(mass.positions() == 1);
  CHECK(mass.mean() == Approx((.25 + .1) / 2));
  CHECK(mass.elsewhere() == 0);

  spike_mass_of<double> lower = spike_mass_of<double>(1.5).empty();
  by_hand::show<site::resid_pre>(lower, row, {4, 2}, {6, 8, 0, -1, 3, 4, 1, 0});
  by_hand::show<site::pattern>(lower, row, {1, 4, 4}, weights);
  CHECK(lower.positions() == 2);
  CHECK(lower.mean() == Approx((.25 + .25 + .1 + .3) / 2));
  CHECK(lower.elsewhere() == Approx((.25 + .3) / 2));

  by_hand::text const two_sinks(4, {}, 2);
  auto further = lower.empty();
  by_hand::show<site::resid_pre>(further, two_sinks, {4, 2}, {6, 8, 0, -1, 3, 4, 1, 0});
  by_hand::show<site::pattern>(further, two_sinks, {1, 4, 4}, weights);
  CHECK(further.mean() == Approx(lower.mean()));
  CHECK(further.elsewhere() == 0);
}

TEST_CASE("spike_mass: a NaN comes through, and only in its own sequence") {
  spike_mass_of<double> mass;
  double const nan = std::numeric_limits<double>::quiet_NaN();
  by_hand::text const row(3);
  by_hand::show<site::resid_pre>(mass, row, {3, 1}, {1, nan, 2});
  by_hand::show<site::pattern>(mass, row, {1, 3, 3}, {1, 0, 0, 1, 0, 0, 1, 0, 0});
  CHECK(std::isnan(mass.positions()));
  CHECK(std::isnan(mass.mean()));
  by_hand::show<site::resid_pre>(mass, row, {3, 1}, {9, 1, 1}, 1);
  by_hand::show<site::pattern>(mass, row, {1, 3, 3}, {1, 0, 0, 1, 0, 0, 1, 0, 0}, 1);
  CHECK(mass.positions(1) == 1);
  CHECK(mass.mean(1) == 1);
}

TEST_CASE("spike_mass: of a model it is what recorded tensors say") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = by_hand::some_rows(3);
  spike_mass mass(1.1);
  record<site::resid_pre> kept_x;
  record<site::pattern> kept_a;
  net.evaluate(rows, mass, kept_x, kept_a);
  auto const x = kept_x.values(1); // [B, T, C]
  auto const a = kept_a.values(1); // [B, H, T, T]
  double all = 0, elsewhere = 0, positions = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    std::vector<double> norms;
    for (std::size_t t = 0; t < small.context; ++t) {
      double square = 0;
      for (std::size_t c = 0; c < small.width; ++c) square += std::pow(double{x(b, t, c)}, 2);
      norms.push_back(std::sqrt(square));
    }
    auto sorted = norms;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t k = 0; k < small.context; ++k) {
      if (norms[k] <= 1.1 * sorted[6]) continue; // of 13
      positions += 1. / 3;
      for (std::size_t q = std::max<std::size_t>(k, 2); q < small.context; ++q) {
        all += double{a(b, 1, q, k)} / (3. * (small.context - 2));
        if (k > 0) elsewhere += double{a(b, 1, q, k)} / (3. * (small.context - 2));
      }
    }
  }
  CHECK(positions > 0);
  CHECK(mass.positions(1) == Approx(positions));
  CHECK(mass.mean(1, 1) == Approx(all));
  CHECK(mass.elsewhere(1, 1) == Approx(elsewhere));
}

TEST_CASE("spike_mass: it keeps the laws of probes") {
  by_hand::keeps_its_laws<spike_mass>();
  by_hand::keeps_its_laws(spike_mass(1.1));
}
