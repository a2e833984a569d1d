// SPDX-License-Identifier: MIT
// Probes of pretrained models against what the recorded tensors say.
#include "dormant/dormant.hpp"
#include "dormant/part/parts.hpp"
#include "dormant/probe/attention_entropy.hpp"
#include "dormant/probe/key_mass.hpp"
#include "dormant/probe/massive_activations.hpp"
#include "dormant/probe/score_gap.hpp"
#include "dormant/probe/sequence_loss.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace dormant;

namespace {

constexpr shape small{
    .layers = 2, .heads = 4, .width = 24, .vocab = 11, .context = 9, .kv_heads = 2};
using net_type = transformer<small, softmax, rotary<>, double>;

batch some_rows() {
  batch rows(3, small.context, nullptr, false);
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    for (std::size_t t = 0; t <= small.context; ++t) {
      rows.tokens(b)[t] = static_cast<token>((3 * b + 5 * t * t) % small.vocab);
    }
  }
  return rows;
}

constexpr std::size_t length = small.context, layer = 1, head = 3;

} // namespace

TEST_CASE("probe: key_mass is the mean of a key's column, its largest found row by row") {
  net_type const net({.seed = 4});
  key_mass_of<double> mass;
  record<site::pattern, double> patterns;
  net.evaluate(some_rows(), mass, patterns);
  auto const a = patterns.values(layer);
  double first = 0, second = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    std::vector<double> of_row;
    for (std::size_t k = 0; k + 1 < length; ++k) {
      double sum = 0;
      for (std::size_t q = k; q < length; ++q) sum += a(b, head, q, k);
      of_row.push_back(sum / static_cast<double>(length - k));
    }
    std::sort(of_row.rbegin(), of_row.rend());
    first += of_row[0] / 3;
    second += of_row[1] / 3;
  }
  CHECK(mass.largest(layer, head) == Approx(first).epsilon(1e-12));
  CHECK(mass.second(layer, head) == Approx(second).epsilon(1e-12));
  CHECK(mass.positions(layer, head) == length);
  // The last key is seen by its own query alone.
  CHECK(mass.at(length - 1, layer, head) ==
        Approx((a(0, head, 8, 8) + a(1, head, 8, 8) + a(2, head, 8, 8)) / 3).epsilon(1e-12));
}

TEST_CASE("probe: attention_entropy is 1 for uniform and 0 for one-hot rows") {
  net_type net({.seed = 4});
  attention_entropy_of<double> one_hot;
  net.evaluate(some_rows(), attend_only_to_bos{.layer = every_layer}, one_hot);
  CHECK(one_hot.mean(layer, head) == 0);
  for (auto& q : net.parameter("layers.1.attention.wq.weight")) q = 0;
  attention_entropy_of<double> uniform;
  net.evaluate(some_rows(), uniform);
  CHECK(uniform.mean(layer, head) == Approx(1).epsilon(1e-12));
  CHECK(uniform.mean(0, head) < 1);
}

TEST_CASE("probe: score_gap has both definitions, of turned queries and keys that heads share") {
  net_type const net({.seed = 4});
  score_gap_of<double> gap;
  record<site::rot_q, double> qs;
  record<site::rot_k, double> ks;
  net.evaluate(some_rows(), gap, qs, ks);
  auto const q = qs.values(layer), k = ks.values(layer);
  auto const score = [&](std::size_t b, std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t d = 0; d < 6; ++d) sum += q(b, i, head, d) * k(b, j, head / 2, d);
    return sum / std::sqrt(6.0);
  };
  double all = 0, visible = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t i = 0; i < length; ++i) {
      double every = 0, seen = 0;
      for (std::size_t j = 0; j < length; ++j) every += score(b, i, j);
      for (std::size_t j = 1; j <= i; ++j) seen += score(b, i, j);
      all += (score(b, i, 0) - every / static_cast<double>(length)) / (3.0 * length);
      if (i > 0) visible += (score(b, i, 0) - seen / static_cast<double>(i)) / (3.0 * (length - 1));
    }
  }
  CHECK(gap.over_all(layer, head) == Approx(all).epsilon(1e-10));
  CHECK(gap.over_visible(layer, head) == Approx(visible).epsilon(1e-10));
}

TEST_CASE("probe: massive_activations finds the largest element and the weight of the tails") {
  net_type const net({.seed = 4});
  massive_activations_of<double> massive;
  record<site::resid_post, double> residuals;
  net.evaluate(some_rows(), massive, residuals);
  auto const x = residuals.values(layer);
  double largest = 0, absolute = 0, kurtosis = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t t = 0; t < length; ++t) {
      double mean = 0, second = 0, fourth = 0;
      for (std::size_t c = 0; c < 24; ++c) mean += x(b, t, c) / 24;
      for (std::size_t c = 0; c < 24; ++c) {
        largest = std::max(largest, std::abs(x(b, t, c)));
        absolute += std::abs(x(b, t, c)) / (3.0 * length * 24);
        second += std::pow(x(b, t, c) - mean, 2) / 24;
        fourth += std::pow(x(b, t, c) - mean, 4) / 24;
      }
      if (t > 0) kurtosis += fourth / (second * second) / (3.0 * (length - 1));
    }
  }
  auto const found = massive.largest(layer);
  CHECK(found.size == largest);
  CHECK(massive.ratio(layer) == Approx(largest / absolute).epsilon(1e-12));
  CHECK(massive.kurtosis(layer) == Approx(kurtosis).epsilon(1e-9));
}

TEST_CASE("probe: sequence_loss is the loss of each row alone, also of texts that end") {
  net_type const net({.seed = 4});
  auto rows = some_rows();
  std::vector<token> const text{1, 2, 3, 4};
  rows.set_text(1, text);
  sequence_loss_of<double> losses;
  auto const all = net.evaluate(rows, losses);
  CHECK(rows.predicted() == 2 * length + 3);
  double sum = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    CHECK(losses.of(b) == Approx(net.evaluate(rows.only(b)).loss).epsilon(1e-12));
    sum += losses.of(b) * static_cast<double>(b == 1 ? 3 : length);
  }
  CHECK(all.loss == Approx(sum / static_cast<double>(rows.predicted())).epsilon(1e-12));
}

TEST_CASE("the gradient of texts that end is that of their predicted positions") {
  net_type net({.seed = 4});
  batch rows(1, small.context, nullptr, false);
  std::vector<token> const text{1, 2, 3, 4};
  rows.set_text(0, text);
  auto const found = differentiate(net, rows, {});
  auto const name = "layers.0.ff.w1.weight";
  auto const slope = found[name](1, 2);
  double const h = 1e-5;
  net.parameter(name)(1, 2) += h;
  double const up = net.evaluate(rows).loss;
  net.parameter(name)(1, 2) -= 2 * h;
  CHECK(slope == Approx((up - net.evaluate(rows).loss) / (2 * h)).epsilon(1e-6));
}
