// SPDX-License-Identifier: MIT
// Effective ranks of circuits against the products of weights, made in full.
#include "dormant/probe/circuit_rank.hpp"
#include "dormant/part/attention/rotary.hpp"

#include "by_hand.hpp"
#include "error_of.hpp"

#include <cmath>
#include <cstddef>

using namespace dormant;

namespace {
constexpr shape shared{
    .layers = 2, .heads = 4, .width = 24, .vocab = 11, .context = 9, .kv_heads = 2};
constexpr std::size_t C = 24, D = 6;
} // namespace

TEST_CASE("circuit_rank: it is that of W_Q^T W_K and of W_O W_V, heads sharing keys and values") {
  auto const net = models::shaken<transformer<shared, softmax, double>>();
  auto const wq = net.parameter("layers.1.attention.wq.weight");
  auto const wk = net.parameter("layers.1.attention.wk.weight");
  auto const wv = net.parameter("layers.1.attention.wv.weight");
  auto const wo = net.parameter("layers.1.attention.wo.weight");
  for (std::size_t h = 0; h < 4; ++h) {
    std::size_t const q = h * D, k = h / 2 * D;
    auto const qk = [&](std::size_t i, std::size_t j) {
      double sum = 0;
      for (std::size_t d = 0; d < D; ++d) sum += wq(q + d, i) * wk(k + d, j);
      return sum;
    };
    auto const ov = [&](std::size_t i, std::size_t j) {
      double sum = 0;
      for (std::size_t d = 0; d < D; ++d) sum += wo(i, q + d) * wv(k + d, j);
      return sum;
    };
    auto const ranks = circuit_rank(net, 1, h);
    CHECK(ranks.qk == Approx(effective_rank(spectrum_of(C, C, qk))).epsilon(1e-9));
    CHECK(ranks.ov == Approx(effective_rank(spectrum_of(C, C, ov))).epsilon(1e-9));
    CHECK((ranks.qk > 1 && ranks.qk <= D));
  }
}

TEST_CASE("circuit_rank: a head that writes in one direction has rank one") {
  auto net = models::shaken<transformer<shared, softmax>>();
  auto wv = net.parameter("layers.0.attention.wv.weight");
  for (std::size_t d = 1; d < D; ++d) {
    for (std::size_t c = 0; c < C; ++c) wv(d, c) = 0;
  }
  CHECK(circuit_rank(net, 0, 1).ov == Approx(1));
  CHECK(circuit_rank(net, 0, 2).ov > 1.5);
}

TEST_CASE("circuit_rank: a head, layer or matrix that is not there is refused") {
  auto const net = models::shaken<transformer<shared, softmax>>();
  CHECK(error_of([&] { (void)circuit_rank(net, 0, 4); }) ==
        "circuit_rank: there is no head 4; the model has 4 in a layer");
  CHECK_THROWS_AS(circuit_rank(net, 2, 0), error);
  auto const without = models::shaken<transformer<by_hand::small, softmax, identity_wv>>();
  CHECK_THROWS_AS(circuit_rank(without, 0, 0), error);
}
