// SPDX-License-Identifier: MIT
// Gradient sink: the share of norms at `<s>`, of gradients made by hand and of a model's own.
#include "dormant/probe/gradient_sink.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <cmath>
#include <limits>

using namespace dormant;

namespace {
using after = site::gradient_of<site::resid_post>;
using before = site::gradient_of<site::resid_pre>;
static_assert(observes<gradient_sink, before> && observes<gradient_sink, after>);
} // namespace

TEST_CASE("gradient_sink: norms 5, 1 and 4 are a share of one half at position 0") {
  gradient_sink_of<double> sink;
  by_hand::text const row(3);
  by_hand::show<after>(sink, row, {3, 2}, {3, 4, 0, -1, 4, 0});
  CHECK(sink.after(0) == Approx(0.5));
  CHECK(std::isnan(sink.before(0)));
  by_hand::show<after>(sink, row, {3, 2}, {0, 0, 0, 1, 1, 0});
  CHECK(sink.after(0) == Approx(0.25)); // of sequences, whatever the size of their gradients
}

TEST_CASE("gradient_sink: what arrives at a further <s> counts with position 0") {
  gradient_sink_of<double> sink;
  by_hand::show<after>(sink, by_hand::text(3, {}, 2), {3, 2}, {3, 4, 0, -1, 4, 0});
  CHECK(sink.after(0) == Approx(0.9));
}

TEST_CASE("gradient_sink: a sequence without gradient says nothing, a NaN comes through") {
  gradient_sink_of<double> sink;
  by_hand::text const row(2);
  by_hand::show<after>(sink, row, {2, 1}, {0, 0});
  CHECK(std::isnan(sink.after(0)));
  by_hand::show<after>(sink, row, {2, 1}, {1, 3});
  CHECK(sink.after(0) == Approx(0.25));
  double const nan = std::numeric_limits<double>::quiet_NaN();
  by_hand::show<after>(sink, row, {2, 1}, {1, nan});
  CHECK(std::isnan(sink.after(0)));
}

TEST_CASE("gradient_sink: of a model it is what recorded gradients say") {
  using by_hand::small;
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = by_hand::some_rows(3);
  gradient_sink sink;
  record<before> kept_before;
  record<after> kept_after;
  (void)differentiate(net, rows, {}, sink, kept_before, kept_after);
  REQUIRE(sink.layers() == small.layers);
  for (std::size_t l = 0; l < small.layers; ++l) {
    auto const share = [&](auto const& gradient) { // [B, T, C]
      double mean = 0;
      for (std::size_t b = 0; b < 3; ++b) {
        double first = 0, all = 0;
        for (std::size_t t = 0; t < small.context; ++t) {
          double square = 0;
          for (std::size_t c = 0; c < small.width; ++c) square += std::pow(gradient(b, t, c), 2);
          all += std::sqrt(square);
          if (t == 0) first = std::sqrt(square);
        }
        mean += first / all / 3;
      }
      return mean;
    };
    CHECK(sink.before(l) == Approx(share(kept_before.values(l))).epsilon(1e-6));
    CHECK(sink.after(l) == Approx(share(kept_after.values(l))).epsilon(1e-6));
  }
  CHECK(sink.before(1) == Approx(sink.after(0)).epsilon(1e-12)); // the same place of the stream
}

TEST_CASE("gradient_sink: it keeps the laws of probes") {
  by_hand::keeps_its_laws<gradient_sink>();
}
