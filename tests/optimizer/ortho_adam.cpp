// SPDX-License-Identifier: MIT
// OrthoAdam: Adam in a turned basis, and not Adam; in a permuted one Adam. Rotations are Haar's.
// Laws, threads, a stop.
#include "dormant/optimizer/ortho_adam.hpp"

#include "optimizer_testing.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

using namespace testing_optimizers;

namespace {

std::vector<double> drawn(std::size_t n, std::uint64_t seed) {
  std::vector<double> q(n * n);
  haar::fill(q.data(), n, random_stream(seed, stream::user, 0, 0));
  return q;
}

} // namespace

TEST_CASE("ortho_adam: a rotation is orthogonal, and none is like another") {
  for (std::size_t const n : {2U, 3U, 20U, 67U}) {
    auto const q = drawn(n, 1);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += q[i * n + k] * q[j * n + k];
        CHECK(std::abs(sum - (i == j ? 1 : 0)) < 1e-14);
      }
    CHECK(q != drawn(n, 2));
  }
}

TEST_CASE("ortho_adam: rotations are Haar's: moments of an element, and both signs") {
  // Of a row that is uniform on the sphere, E x^2 = 1/n and E x^4 = 3 / (n (n + 2)).
  constexpr std::size_t n = 4, draws = 4000;
  double mean = 0, second = 0, fourth = 0;
  std::size_t reflections = 0;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    double const x = drawn(n, seed)[n * 2 + 1];
    mean += x / draws;
    second += x * x / draws;
    fourth += x * x * x * x / draws;
    auto const q = drawn(2, seed);
    reflections += q[0] * q[3] - q[1] * q[2] < 0 ? 1 : 0;
  }
  CHECK(std::abs(mean) < 4 * 0.5 / std::sqrt(double(draws)));
  CHECK(second == Approx(0.25).margin(0.02));
  CHECK(fourth == Approx(3.0 / 24).margin(0.015));
  CHECK(reflections > draws / 2 - 200);
  CHECK(reflections < draws / 2 + 200);
}

TEST_CASE("ortho_adam: with signed permutations it is AdamW, with rotations it is not") {
  adamw const adam{.lr = 1e-2, .weight_decay = 0.1, .rates = {.attention = 0.5}};
  auto const theirs = trained<double>(adam);
  auto const compare = [&](auto how) {
    how.lr = adam.lr;
    how.weight_decay = adam.weight_decay;
    how.rates = adam.rates;
    auto const ours = trained<double>(how);
    double most = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      most = std::max(most, std::abs(ours[i] - theirs[i]));
    }
    return most;
  };
  CHECK(compare(permuted_adam{}) < 1e-12);
  CHECK(compare(permuted_adam{.seed = 7}) < 1e-12);
  CHECK(compare(permuted_adam{.widest = 20}) < 1e-12);
  CHECK(compare(ortho_adam{}) > 1e-3);
  CHECK(compare(ortho_adam{.widest = 1}) < 1e-12); // nothing is turned
}

TEST_CASE("ortho_adam: the seed says the rotations, and each tensor has its own") {
  CHECK_FALSE(
      same_bits(trained<float>(ortho_adam{.seed = 1}), trained<float>(ortho_adam{.seed = 2})));
  net_type<float> const net({.seed = 1});
  ortho_adam::state<float> const s({}, net.tensors(), net.parameters().size());
  auto const* const wq = &net_type<float>::find("layers.0.attention.wq.weight");
  auto const* const wk = &net_type<float>::find("layers.0.attention.wk.weight");
  auto const left = [&](tensor_spec const* t) {
    return *s.axes.at(t->offset).left_of(s.bases.data());
  };
  auto const right = [&](tensor_spec const* t) {
    return *s.axes.at(t->offset).right_of(s.bases.data());
  };
  CHECK(left(wq) != left(wk));
  CHECK(left(wq) != right(wq));
}

TEST_CASE("ortho_adam: a step is one of Adam in the turned basis") {
  // m^ / sqrt(v^) of the first step is the sign: L^T step R has only elements of size lr.
  tensor_spec t;
  t.rows = 5;
  t.cols = 3;
  ortho_adam const how{.lr = 0.1, .weight_decay = 0.5, .seed = 3};
  ortho_adam::state<double> s(how, std::span(&t, 1), 15);
  arena<double> p(15), g(15);
  random_stream draw(1, stream::user, 0, 0);
  for (auto& x : g.span()) x = draw.normal();
  for (auto& x : p.span()) x = draw.normal();
  auto const before = p;
  how.step<xsimd::default_arch, double>(
      s, {.parameters = p.span(), .gradients = g.span(), .rows = 5, .cols = 3}, 1);
  auto const& a = s.axes.at(0);
  double const* const left = a.left_of(s.bases.data());
  double const* const right = a.right_of(s.bases.data());
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 3; ++j) {
      double turned = 0, gradient = 0;
      for (std::size_t k = 0; k < 5; ++k)
        for (std::size_t l = 0; l < 3; ++l) {
          std::size_t const at = k * 3 + l;
          double const step = p.data()[at] - before.data()[at] * (1 - 0.05);
          turned += left[k * 5 + i] * step * right[l * 3 + j];
          gradient += left[k * 5 + i] * g.data()[at] * right[l * 3 + j];
        }
      CHECK(turned == Approx(gradient > 0 ? -0.1 : 0.1).epsilon(1e-6));
    }
}

TEST_CASE("ortho_adam: laws, wrappers, threads, a stop") {
  check_laws(ortho_adam{});
  check_laws(permuted_adam{.lr = 0.1, .beta1 = 0, .weight_decay = 0.5});
  CHECK(testing::optimizer_laws(exact_decay{ortho_adam{.weight_decay = 1e-5}}));
  check_runs(ortho_adam{.lr = 1e-2});
  check_runs(exact_decay{ortho_adam{.lr = 1e-2}});
}
