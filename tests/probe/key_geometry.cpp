// SPDX-License-Identifier: MIT
// Cosines of queries and the key of `<s>`, by hand and of turned queries and keys that heads share.
#include "dormant/probe/key_geometry.hpp"
#include "dormant/part/attention/rotary.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <cmath>

using namespace dormant;

namespace {
static_assert(observes<key_geometry, site::rot_q> && observes<key_geometry, site::k> &&
              observes<key_geometry, site::scores>);
} // namespace

TEST_CASE("key_geometry: cosines are of queries that have a choice, norms of all keys") {
  key_geometry_of<double> geometry;
  by_hand::text const row(4);
  auto const show = [&](std::vector<double> const& q) {
    by_hand::show<site::q>(geometry, row, {4, 1, 2}, q);
    by_hand::show<site::k>(geometry, row, {4, 1, 2}, {3, 4, 0, 1, 1, 0, 0, -4});
    by_hand::show<site::scores>(geometry, row, {1, 4, 4}, std::vector<double>(16));
  };
  show({1, 0, 1, 0, 0, 5, 2, 0}); // cosines .8 and .6 of queries 2 and 3
  CHECK(geometry.cosine() == Approx(.7));
  CHECK(geometry.bos() == Approx(5));
  CHECK(geometry.other() == Approx(2));
  CHECK(geometry.ratio() == Approx(2.5));
  show({1, 0, 1, 0, 0, 0, 3, 4}); // a query of zeros, and one along the key
  CHECK(geometry.cosine() == Approx(2.4 / 3));
  show({1, 0, 1, 0, 0, std::nan(""), 3, 4});
  CHECK(std::isnan(geometry.cosine()));
}

TEST_CASE("key_geometry: of a model it is what recorded queries and keys say") {
  constexpr shape small{
      .layers = 2, .heads = 4, .width = 24, .vocab = 11, .context = 9, .kv_heads = 2};
  transformer<small, softmax, rotary<>, double> const net({.seed = 4});
  key_geometry_of<double> geometry;
  record<site::rot_q, double> qs;
  record<site::rot_k, double> ks;
  net.evaluate(models::random_tokens(3, 9, 11), geometry, qs, ks);
  auto const q = qs.values(1), k = ks.values(1); // [B, T, ., D]
  double cosine = 0, bos = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    double key = 0;
    for (std::size_t d = 0; d < 6; ++d) key += std::pow(k(b, 0, 1, d), 2);
    bos += std::sqrt(key) / 3;
    for (std::size_t i = 2; i < 9; ++i) {
      double query = 0, product = 0;
      for (std::size_t d = 0; d < 6; ++d) {
        query += std::pow(q(b, i, 3, d), 2);
        product += q(b, i, 3, d) * k(b, 0, 1, d);
      }
      cosine += product / std::sqrt(query * key) / 21;
    }
  }
  CHECK(geometry.cosine(1, 3) == Approx(cosine));
  CHECK(geometry.bos(1, 3) == Approx(bos));
  CHECK(geometry.bos(1, 2) == geometry.bos(1, 3)); // one key for both heads
}

TEST_CASE("key_geometry: it keeps the laws of probes") { by_hand::keeps_its_laws<key_geometry>(); }
