// SPDX-License-Identifier: MIT
// Muon: steps of hidden matrices are orthogonal, everything else is AdamW's; without Newton-Schulz
// it is SGD with Nesterov's momentum. Laws, threads, a stop.
#include "dormant/optimizer/muon.hpp"

#include "optimizer_testing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

using namespace testing_optimizers;

namespace {

struct matrix_bench {
  std::size_t rows, cols;
  arena<double> p{rows * cols}, g{rows * cols};

  void draw(std::uint64_t step) {
    random_stream numbers(5, stream::user, step, 0);
    for (auto& x : g.span()) x = numbers.normal();
  }
  template <class Optimizer>
  void step(Optimizer const& how, typename Optimizer::template state<double>& memory,
            std::uint64_t t, group of = group::attention) {
    how.template step<xsimd::default_arch, double>(
        memory,
        {.parameters = p.span(), .gradients = g.span(), .rows = rows, .cols = cols, .group = of},
        t);
  }
};

/// p(x) = a x + b x^3 + c x^5, five times: what an iteration makes of a singular value.
double pulled(double x) {
  for (int i = 0; i < 5; ++i) x = 3.4445 * x - 4.7750 * x * x * x + 2.0315 * x * x * x * x * x;
  return x;
}

} // namespace

TEST_CASE("muon: a diagonal gradient, value by value") {
  for (auto const& [rows, cols] : {std::pair{3U, 3U}, {3U, 5U}, {7U, 3U}}) {
    INFO(rows << " x " << cols);
    matrix_bench m{rows, cols};
    double const singular[] = {3, -0.5, 0.01};
    double square = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      m.g.data()[i * cols + i] = singular[i];
      square += singular[i] * singular[i];
    }
    muon const how{.lr = 0.1, .momentum = 0.9};
    muon::state<double> memory(m.p.size());
    m.step(how, memory, 1);
    // The first look ahead is 1.9 g, the norm is taken out.
    double const norm = std::sqrt(square) * 1.9 + 1e-7;
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < cols; ++j) {
        double const x = i == j && i < 3 ? pulled(1.9 * singular[i] / norm) : 0;
        double const shape = std::sqrt(std::max(1.0, double(rows) / double(cols)));
        CHECK(m.p.data()[i * cols + j] == Approx(-0.1 * shape * x).epsilon(1e-12).margin(1e-15));
      }
    CHECK(memory.velocity.data()[0] == 3);
  }
}

TEST_CASE("muon: the step of any matrix is nearly orthogonal") {
  for (auto const& [rows, cols] : {std::pair{8U, 8U}, {4U, 33U}, {40U, 20U}, {2U, 300U}}) {
    INFO(rows << " x " << cols);
    matrix_bench m{rows, cols};
    m.draw(1);
    muon const how{.lr = 1};
    muon::state<double> memory(m.p.size());
    m.step(how, memory, 1);
    double const shape = std::sqrt(std::max(1.0, double(rows) / double(cols)));
    // The mean square of the singular values is the square of the norm over their number.
    double square = 0, along = 0;
    for (std::size_t i = 0; i < m.p.size(); ++i) {
      square += std::pow(m.p.data()[i] / shape, 2);
      along -= m.p.data()[i] * m.g.data()[i];
    }
    double const spread = square / std::min(rows, cols);
    CHECK(spread > 0.5);
    CHECK(spread < 1.5);
    CHECK(along > 0);
  }
}

TEST_CASE("muon: the size of the gradient does not matter, its overflow is not nothing") {
  muon const how{};
  std::vector<std::vector<double>> found;
  for (double const size : {1.0, 1e4, 1e-3}) {
    matrix_bench m{5, 7};
    m.draw(1);
    for (auto& x : m.g.span()) x *= size;
    muon::state<double> memory(35);
    m.step(how, memory, 1);
    found.emplace_back(m.p.data(), m.p.data() + 35);
  }
  for (std::size_t i = 0; i < 35; ++i) {
    CHECK(found[1][i] == Approx(found[0][i]).epsilon(1e-6));
    CHECK(found[2][i] == Approx(found[0][i]).epsilon(1e-3));
  }
  for (double const bad :
       {1e200, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    matrix_bench m{5, 7};
    m.draw(1);
    m.g.data()[3] = bad;
    muon::state<double> memory(35);
    m.step(how, memory, 1);
    CHECK(std::all_of(m.p.data(), m.p.data() + 35, [](double x) { return std::isnan(x); }));
  }
}

TEST_CASE("muon: everything but hidden matrices is AdamW's, with its own rate") {
  adamw const adam{.lr = 1e-2, .weight_decay = 0.1, .rates = {.output = 0.5}};
  auto const ours = trained<float>(muon{.elsewhere = adam}, 1, 1);
  auto const same = trained<float>(muon_without_newton_schulz{.elsewhere = adam}, 1, 1);
  auto const theirs = trained<float>(adam, 1, 1);
  for (auto const& t : net_type<float>().tensors()) {
    INFO(t.name.view());
    bool const hidden = (t.group == group::attention || t.group == group::mlp) && t.rows > 1;
    auto const equal = [&](std::vector<float> const& a) {
      return std::memcmp(a.data() + t.offset, theirs.data() + t.offset, t.size() * sizeof(float)) ==
             0;
    };
    CHECK(equal(ours) == !hidden);
    CHECK(equal(same) == !hidden);
  }
}

TEST_CASE("muon: without Newton-Schulz it is Nesterov's momentum, times the shape") {
  muon_without_newton_schulz const how{.lr = 0.1, .momentum = 0.8, .weight_decay = 0.05};
  for (auto const& [rows, cols] : {std::pair{3U, 12U}, {12U, 3U}}) {
    matrix_bench m{rows, cols};
    decltype(how)::state<double> memory(36);
    std::vector<double> p(36), v(36);
    for (std::uint64_t t = 1; t <= 4; ++t) {
      m.draw(t);
      m.step(how, memory, t, group::mlp);
      for (std::size_t i = 0; i < 36; ++i) {
        double const g = m.g.data()[i];
        v[i] = 0.8 * v[i] + g;
        p[i] = p[i] * (1 - 0.1 * 0.05) - 0.1 * (rows > cols ? 2 : 1) * (g + 0.8 * v[i]);
        CHECK(m.p.data()[i] == Approx(p[i]).epsilon(1e-12).margin(1e-14));
      }
    }
  }
}

TEST_CASE("muon: defaults are the author's") {
  CHECK(muon{}.lr == 0.02);
  CHECK(muon{}.momentum == 0.95);
  CHECK(muon{}.weight_decay == 0);
}

TEST_CASE("muon: laws, wrappers, threads, a stop") {
  check_laws(muon{});
  check_laws(muon{.momentum = 0, .weight_decay = 0.5});
  check_laws(muon_without_newton_schulz{});
  check_runs(muon{});
  check_runs(muon_without_newton_schulz{.lr = 0.01});
}
